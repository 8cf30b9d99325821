"""Pictures on another grid: mirrored, shifted, scaled or cut, one axis at a time.

What maps rows to rows and columns to columns is two products of matrices. They have derivatives of
any order, which penalties on a critic's slope want, and whole places give the pixels themselves.
"""

from __future__ import annotations

import torch
from torch import Tensor


def reading(places: Tensor, size: int, reflect: bool = False) -> Tensor:
    """Return matrices that read lines at some places, linearly between two pixels.

    Args:
        places: in pixels, 0 is the middle of the first, [N L].
        size: pixels of a line.
        reflect: go on as if there were mirrors at the edges; else what lies outside is 0.

    Returns:
        [N L size]; a row of it times a line is the value there.
    """
    if reflect:
        around = (places + 0.5).remainder(2 * size)
        places = (size - (around - size).abs() - 0.5).clamp(0, size - 1)
    pixels = torch.arange(size, device=places.device)
    return (1 - (places[..., None] - pixels).abs()).clamp(min=0)


def resampled(image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Return pictures [N C I J] of pictures [N C H W], by matrices [N I H] and [N J W]."""
    return rows[:, None] @ image @ columns[:, None].mT
