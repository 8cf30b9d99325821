"""Pictures of black and white pixels alone, made of grey ones in one of the ways in use.

- `threshold`: white from the middle of the range on, round(x).
- `fixed`: white with the brightness as chance, drawn once for all: "fixed binarisation".
- `random`: the same, but a training picture is drawn anew at each look: "dynamic binarisation".
  Held-out pictures are drawn once, so that a figure is the same at every look.

Likelihoods of different ways do not compare: fixed is about 2 nats worse on MNIST (Burda et al.,
arXiv:1509.00519, table 1 and appendix D). The fixed pictures of the literature are one draw, by
others; these are another draw of the same law.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.data.columns import Column, Dice
from liangyi.data.dataset import Dataset

Binarisation = Literal["none", "threshold", "fixed", "random"]
_PART = 1000  # pictures that are drawn together
_WHITE = 255


class Drawn:
    """Pictures whose pixels are white with their brightness as chance, drawn anew at each look.

    Args:
        pictures: bytes [N C H W], or a column of such.
    """

    def __init__(self, pictures: Tensor | Column) -> None:
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Return pictures [N C H W] of bytes 0 and 255."""
        grey = _taken(self.pictures, index, dice)
        chance = dice(grey[0].numel()).to(grey.device)
        return {"": _white(chance.view(grey.shape) * _WHITE < grey)}

    def to(self, device: torch.device) -> Drawn:
        """Return the pictures on a device."""
        return Drawn(self.pictures.to(device))

    def parts(self) -> Sequence[Tensor]:
        """Return the grey pictures."""
        return [self.pictures] if isinstance(self.pictures, Tensor) else self.pictures.parts()


def binarised(data: Dataset, how: Binarisation, split: str) -> Dataset:
    """Return data whose pictures have black and white pixels alone.

    Args:
        data: with a field `image` of bytes.
        how: as this file's first lines say; not `none`.
        split: which part of the data it is; only `train` is ever drawn anew.
    """
    pictures = data.columns["image"]
    image: Tensor | Column = Drawn(pictures)
    if how == "threshold":
        image = torch.cat([_white(grey > _WHITE / 2) for grey in _all(pictures)])
    elif how == "fixed" or split != "train":
        stream = draw.generator(0, f"binarisation of {split}")
        once = (
            torch.rand(grey.shape, generator=stream, device="cpu").mul_(_WHITE) < grey
            for grey in _all(pictures)
        )
        image = torch.cat([_white(part) for part in once])
    name = f"{data.fingerprint}-{how}"
    return Dataset(data.spec, {**data.columns, "image": image}, name, data.truth, data.vary)


def _all(pictures: Tensor | Column) -> Iterator[Tensor]:
    """Yield all pictures in parts, on the CPU; of those that change, what the middle shows."""
    for index in torch.arange(len(pictures), device="cpu").split(_PART):
        yield _taken(pictures, index, functools.partial(_even, len(index))).cpu()


def _even(count: int, width: int) -> Tensor:
    return torch.full((count, width), 0.5, device="cpu")


def _taken(pictures: Tensor | Column, index: Tensor, dice: Dice) -> Tensor:
    if isinstance(pictures, Tensor):
        return pictures.index_select(0, index.to(pictures.device))
    return pictures.take(index, dice)[""]


def _white(where: Tensor) -> Tensor:
    return where.to(torch.uint8).mul_(_WHITE)
