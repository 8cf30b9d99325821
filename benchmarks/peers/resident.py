"""The pictures of all sides: whole batches, in memory before the clock starts, in one order."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi import data
from liangyi.core.batch import Images
from liangyi.core.spec import Spec


def digits() -> data.Dataset:
    """Return the 1,500 training digits of scikit-learn, 28 x 28."""
    found = data.choose("digits", size=28).split()
    assert isinstance(found, data.Dataset)
    return found


def pictures(name: str) -> data.Dataset:
    """Return the training pictures of a data set."""
    found = data.choose(name).split()
    assert isinstance(found, data.Dataset)
    return found


def photographs() -> tuple[Tensor, Tensor]:
    """Return CIFAR-10's training pictures [50000 3 32 32] of bytes, and their classes."""
    image, label = (pictures("cifar10").columns[name] for name in ("image", "label"))
    assert isinstance(image, Tensor) and isinstance(label, Tensor)
    return image, label


def batches(size: int, low: float = 0.0, device: str = "cpu") -> list[Tensor]:
    """Return the whole batches [size 1 28 28] of one pass, pixels in (low, 1)."""
    pictures = digits().columns["image"].to(device, torch.float32).mul_((1 - low) / 255).add_(low)
    return list(pictures.split(size))[: len(pictures) // size]


class Resident:
    """A stream for liangyi's trainer that serves these batches, over and over."""

    def __init__(self, spec: Spec, batches: list[Tensor]) -> None:
        self.spec = spec
        self.items = sum(map(len, batches))
        self._batches = batches

    def batch(self, number: int) -> Images:
        return Images(self._batches[number % len(self._batches)])
