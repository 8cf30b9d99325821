"""The Laplacian pyramid: a small picture, and what each doubling of it lacks.

Burt and Adelson, "The Laplacian pyramid as a compact image code", IEEE Transactions on
Communications 31 (1983). Here four pixels become their mean, and doubling is bilinear.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate


def halved(picture: Tensor) -> Tensor:
    """Return pictures [N C H W] at half their size: [N C H/2 W/2]."""
    return avg_pool2d(picture, 2)


def doubled(picture: Tensor) -> Tensor:
    """Return pictures [N C H W] at twice their size, without new detail: [N C 2H 2W]."""
    return interpolate(picture, scale_factor=2, mode="bilinear")


def bands(picture: Tensor, levels: int) -> list[Tensor]:
    """Take pictures [N C H W] apart: the smallest ones, then what each doubling lacks.

    Args:
        picture: whose sides are multiples of 2 ** (levels - 1).
        levels: how many parts.
    """
    if levels == 1:
        return [picture]
    small = halved(picture)
    return [*bands(small, levels - 1), picture - doubled(small)]


def most_levels(height: int, wide: int) -> int:
    """Return how many parts a picture can have, the smallest of two pixels a side or more."""
    if min(height, wide) < 2:
        return 0
    even = height % 2 == wide % 2 == 0
    return 1 + (most_levels(height // 2, wide // 2) if even else 0)


def collapsed(parts: Iterable[Tensor]) -> Tensor:
    """Put pictures together again: the inverse of `bands`."""
    picture, *finer = parts
    for band in finer:
        picture = doubled(picture) + band
    return picture
