"""What a model learns from, a little different at every look: mirrored, or a part instead of all.

Only training batches are varied. What is held out, and what evaluators, scores and the doctor look
at, are the pictures as they are.
"""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.data.columns import Dice
from liangyi.nets.resample import reading, resampled


def mirrored(image: Tensor, dice: Dice) -> Tensor:
    """Return pictures [N C H W], about half of them with left and right exchanged."""
    mirror = (dice(1) < 0.5).to(image.device)
    return torch.where(mirror[:, :, None, None], image.flip(3), image)


def cropped(image: Tensor, dice: Dice, least: float) -> Tensor:
    """Return parts of pictures [N C H W] of bytes, enlarged to their size.

    Args:
        image: the pictures.
        dice: random numbers.
        least: share of each side that a part has at least.
    """
    height, width = image.shape[2:]
    size, down, right = dice(3).to(image.device).split(1, dim=1)
    side = least + (1 - least) * size
    rows = reading(_places(height, side, down), height, reflect=True)
    columns = reading(_places(width, side, right), width, reflect=True)
    return resampled(image.float(), rows, columns).round().clamp(0, 255).to(torch.uint8)


def _places(size: int, side: Tensor, where: Tensor) -> Tensor:
    """Return the places [N size] of a part's pixels on a line: its side, and where it begins."""
    pixels = torch.arange(size, device=side.device)
    return where * (1 - side) * size + (pixels + 0.5) * side - 0.5
