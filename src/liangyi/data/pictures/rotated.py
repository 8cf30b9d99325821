"""Pictures whose rotation is to be told: labels where nobody gave any.

Gidaris, Singh and Komodakis, "Unsupervised representation learning by predicting image rotations",
arXiv:1803.07728: to name the rotation, a network must know what the picture shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from liangyi.core.spec import Label
from liangyi.data.columns import Column, Dice
from liangyi.data.dataset import Dataset

ROTATIONS = ("upright", "quarter", "half", "three quarters")
FLIPS = ("upright", "mirrored", "upside down", "half")


class Rotations:
    """Every picture in four positions; pictures that are no squares are flipped instead."""

    def __init__(self, pictures: Tensor | Column, square: bool) -> None:
        self.pictures, self.square = pictures, square

    def __len__(self) -> int:
        return 4 * len(self.pictures)

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Return the pictures [N], each rotated as its number says."""
        if isinstance(self.pictures, Tensor):
            upright = self.pictures.index_select(0, (index // 4).to(self.pictures.device))
        else:
            upright = self.pictures.take(index // 4, dice)[""]
        turn, image = (index % 4).to(upright.device), torch.empty_like(upright)
        for number in range(4):
            image[turn == number] = self._turned(upright[turn == number], number)
        return {"": image}

    def _turned(self, image: Tensor, number: int) -> Tensor:
        if self.square:
            return image.rot90(number, (2, 3))
        axes = [(), (3,), (2,), (2, 3)][number]
        return image.flip(axes) if axes else image

    def to(self, device: torch.device) -> Rotations:
        """Return the pictures on a device."""
        return Rotations(self.pictures.to(device), self.square)

    def parts(self) -> Sequence[Tensor]:
        """Return the pictures."""
        own = self.pictures
        return [own] if isinstance(own, Tensor) else own.parts()


def rotated(data: Dataset) -> Dataset:
    """Return pictures with their rotation as label; labels of their own are left out."""
    _, height, width = data.spec["image"].shape
    image = Rotations(data.columns["image"], height == width)
    names = ROTATIONS if height == width else FLIPS
    spec = data.spec.without("label").replace(label=Label(names))
    label = torch.arange(len(image), device="cpu") % 4
    return Dataset(spec, {"image": image, "label": label}, f"rotated-{data.fingerprint}")
