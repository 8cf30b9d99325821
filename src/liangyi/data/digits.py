"""1,797 real handwritten digits of 8 x 8 pixels, embedded in scikit-learn: no network needed.

They are the test half of the UCI "Optical Recognition of Handwritten Digits" set (Alpaydin and
Kaynak, 1998), which scikit-learn ships. The first 1,500 train, the last 297 are held out.
"""

from __future__ import annotations

import torch

from liangyi.core.batch import Spec
from liangyi.data.dataset import Dataset

TRAIN = 1500


def digits(split: str) -> Dataset:
    """Return the training digits or the held-out ones (split `train` or `test`)."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    part = slice(None, TRAIN) if split == "train" else slice(TRAIN, None)
    image = torch.from_numpy(bunch.images[part]).mul(255 / 16).round().to(torch.uint8)
    return Dataset(
        Spec(kind="Labelled", shape=(1, 8, 8), classes=tuple("0123456789")),
        {"image": image[:, None], "label": torch.from_numpy(bunch.target[part]).long()},
    )
