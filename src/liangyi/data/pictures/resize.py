"""Pictures that are already in memory, at another size."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.core import capacity
from liangyi.core.counts import many

_PART = 2**26  # values that are resized at once


def resized(image: Tensor, size: int | None) -> Tensor:
    """Return pictures [N C H W] of bytes as [N C size size]: antialiased bicubic, rounded.

    Raises:
        UserError: they would not fit into memory.
    """
    if size is None or tuple(image.shape[2:]) == (size, size):
        return image
    count, channels = image.shape[:2]
    each = channels * size * size
    some = min(count, 1024, max(1, _PART // each))  # pictures at a time, as float32, twice
    what = f"{many(count, 'picture')} of {size} x {size}"
    capacity.demand_memory((count + 8 * some) * each, what, "give a smaller size")
    found = torch.empty(count, channels, size, size, dtype=torch.uint8, device=image.device)
    for new, part in zip(found.split(some), image.split(some), strict=True):
        large = interpolate(part.float(), (size, size), mode="bicubic", antialias=True)
        new.copy_(large.round_().clamp_(0, 255))
    return found


def reduced(image: Tensor, factor: int) -> Tensor:
    """Return a picture [C H W] of bytes as [C H/factor W/factor]: antialiased bicubic, rounded.

    Args:
        image: its sides are multiples of the factor.
        factor: how many times smaller.
    """
    size = (image.shape[1] // factor, image.shape[2] // factor)
    small = interpolate(image[None].float(), size, mode="bicubic", antialias=True)
    return small[0].round_().clamp_(0, 255).to(torch.uint8)
