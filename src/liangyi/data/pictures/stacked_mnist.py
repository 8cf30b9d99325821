"""Stacked MNIST: three digits in the three colours of a picture, 1,000 equally likely modes.

Metz et al., "Unrolled generative adversarial networks", arXiv:1611.02163, section 3.3.1; counted as
in Lin et al., "PacGAN", arXiv:1712.04086: 128,000 training pictures, a mode is a triple of digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.spec import Pixels, Spec
from liangyi.data.columns import Columns, Dice
from liangyi.data.pictures.mnist import MNIST
from liangyi.data.source import source

TRAIN, TEST = 128_000, 26_000


class Triples:
    """Pictures that are put together when they are asked for; only the digits are kept.

    Args:
        digit: grey pictures [N 1 H W], uint8.
        triple: which three of them, [M 3] int64.
    """

    def __init__(self, digit: Tensor, triple: Tensor) -> None:
        self.digit, self.triple = digit, triple

    def __len__(self) -> int:
        return len(self.triple)

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Stack three digits for each of the items [N]."""
        triple = self.triple.index_select(0, index.to(self.triple.device))
        return {"": self.digit[triple.flatten(), 0].unflatten(0, (-1, 3))}

    def to(self, device: torch.device) -> Triples:
        """Return the digits on a device."""
        return Triples(self.digit.to(device), self.triple.to(device))

    def parts(self) -> Sequence[Tensor]:
        """Return the digits and the triples."""
        return self.digit, self.triple


@source("stacked-mnist", "three MNIST digits in three colours: 1,000 modes")
class StackedMNIST(MNIST):
    """Random triples of digits, the same ones each time."""

    def whole(self) -> Spec:
        """Return what three stacked digits look like."""
        _, height, width = self.config.pixels(*self.shape).shape
        return Spec("image", image=Pixels(3, height, width))

    def items(self, split: str) -> Columns | None:
        """Return the triples."""
        digits = super().items(split)
        if digits is None:
            return None
        digit, count = digits["image"], TRAIN if split == "train" else TEST
        assert isinstance(digit, Tensor)
        generator = draw.generator(0, f"{split} triples")
        triple = torch.randint(len(digit), (count, 3), generator=generator, device="cpu")
        return {"image": Triples(digit, triple)}
