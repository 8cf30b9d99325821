"""How a drawn sign stands: its slant and its width, by the moments of its ink."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Strokes(NamedTuple):
    """Two figures for each picture, [N]; pixels are the units."""

    slant: Tensor  # how far right the sign moves with each pixel down; 0 is upright
    width: Tensor  # standard deviation of the ink across, after it was set upright


def strokes(ink: Tensor) -> Strokes:
    """Return slant and width of pictures.

    Args:
        ink: [N C H W], 0 for none; a picture without any has slant 0 and width 0.
    """
    ink = ink.double().sum(1)
    height, wide = ink.shape[1:]
    down = torch.arange(height, device=ink.device, dtype=torch.float64)[None, :, None]
    across = torch.arange(wide, device=ink.device, dtype=torch.float64)[None, None, :]
    share = ink / ink.sum((1, 2), keepdim=True).clamp(min=1e-12)
    y = down - (share * down).sum((1, 2), keepdim=True)
    x = across - (share * across).sum((1, 2), keepdim=True)
    xx, xy, yy = ((share * one * other).sum((1, 2)) for one, other in ((x, x), (x, y), (y, y)))
    slant = xy / yy.clamp(min=1e-12)
    return Strokes(slant, (xx - slant * xy).clamp(min=0).sqrt())
