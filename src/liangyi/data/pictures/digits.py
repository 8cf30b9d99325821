"""1,797 real handwritten digits of 8 x 8 pixels, embedded in scikit-learn: no network needed.

They are the test half of the UCI "Optical Recognition of Handwritten Digits" set (Alpaydin and
Kaynak, 1998), which scikit-learn ships. There they are sorted by writer, so the 297 that are held
out are drawn at random: the last ones are other people's, whom 1-nearest-neighbour tells from the
first 1,500 at .70 instead of .50.
"""

from __future__ import annotations

import numpy as np
import torch

from liangyi.core.spec import Spec
from liangyi.data.columns import Columns
from liangyi.data.pictures.resize import resized
from liangyi.data.pictures.settings import PictureSource, labelled
from liangyi.data.source import source

TRAIN = 1500
NAMES = tuple("0123456789")


@source("digits", "1,797 handwritten digits, 8 x 8, grey; embedded")
class Digits(PictureSource):
    """Handwritten digits that need no network."""

    def whole(self) -> Spec:
        """Return what a digit looks like."""
        return labelled(self.config.pixels(1, 8, 8), NAMES)

    def items(self, split: str) -> Columns:
        """Return the training digits or the held-out ones."""
        from sklearn.datasets import load_digits

        bunch = load_digits()
        order = np.random.RandomState(0).permutation(len(bunch.target))  # frozen by numpy for ever
        part = order[:TRAIN] if split == "train" else order[TRAIN:]
        image = torch.from_numpy(bunch.images[part]).mul(255 / 16).round().to(torch.uint8)
        label = torch.from_numpy(bunch.target[part]).long()
        return {"image": resized(image[:, None], self.config.size), "label": label}
