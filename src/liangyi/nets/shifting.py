"""Augmentation of what a classifier learns from: small shifts, and left and right exchanged."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.nets.augment import STREAM, Augmentation
from liangyi.nets.resample import reading, resampled


class ShiftFlip(Augmentation):
    """Shift by parts of a pixel, the nearest pixel filling what comes in; mirror half of them.

    The law of Keras' `ImageDataGenerator` with `width_shift_range`, `height_shift_range` and
    `horizontal_flip`: both shifts are even within the largest one, read linearly between pixels.

    Args:
        image_range: values of the pictures.
        shift: largest, as a share of each side.
        flip: whether half of the pictures are mirrored.
    """

    def __init__(self, image_range: tuple[float, float], shift: float, flip: bool) -> None:
        super().__init__(image_range)
        self.shift, self.flip = shift, flip

    def changed(self, image: Tensor) -> Tensor:
        """Return pictures [N C H W], each shifted and perhaps mirrored."""
        height, width = image.shape[2:]
        down, across, side = draw.uniform(
            len(image), 3, device=image.device, purpose=STREAM
        ).unbind(1)
        rows, columns = self._slid(down, height), self._slid(across, width)
        if self.flip:
            columns = torch.where((side < 0.5)[:, None, None], columns.flip(1), columns)
        return resampled(image, rows, columns)

    def _slid(self, dice: Tensor, size: int) -> Tensor:
        """Return matrices [N size size] that shift a line, its ends going on outside."""
        far = (2 * dice - 1) * self.shift * size
        places = torch.arange(size, device=dice.device) + far[:, None]
        return reading(places.clamp(0, size - 1), size)
