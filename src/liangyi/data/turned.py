"""Pictures that are to be told how they were turned: labels where nobody gave any.

Gidaris, Singh and Komodakis, "Unsupervised representation learning by predicting image rotations",
arXiv:1803.07728: to name the turn, a network must know what the picture shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from liangyi.core.batch import Images, Spec
from liangyi.data.dataset import Dataset

TURNS = ("upright", "quarter", "half", "three quarters")
FLIPS = ("upright", "mirrored", "upside down", "half")


class Turned(Dataset):
    """Every picture in four positions; a picture that is no square is flipped instead.

    Args:
        data: pictures; labels of their own are left out.
    """

    def __init__(self, data: Dataset) -> None:
        square = data.spec.shape[1] == data.spec.shape[2]
        spec = Spec(kind="Labelled", shape=data.spec.shape, classes=TURNS if square else FLIPS)
        super().__init__(spec, data.columns, f"turned-{data.fingerprint}")
        self.data = data

    def __len__(self) -> int:
        return 4 * len(self.data)

    def batch(
        self,
        kind: type[Any],
        index: Tensor,
        device: torch.device | str = "cpu",
        image_range: tuple[float, float] = (-1.0, 1.0),
    ) -> Any:
        """Turn the pictures [N] and say how."""
        turn = (index % 4).to(device)
        (upright,) = self.data.batch(Images, index // 4, device, image_range)
        image = torch.empty_like(upright)
        for number in range(4):
            image[turn == number] = self._turn(upright[turn == number], number)
        return kind(*(image if name == "image" else turn for name in kind._fields))

    def _turn(self, image: Tensor, number: int) -> Tensor:
        if self.spec.classes == TURNS:
            return image.rot90(number, (2, 3))
        axes = [(), (3,), (2,), (2, 3)][number]
        return image.flip(axes) if axes else image

    def _like(self, columns: Mapping[str, Tensor]) -> Dataset:
        return Turned(self.data._like(columns))
