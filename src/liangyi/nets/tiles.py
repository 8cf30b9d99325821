"""Looking at a picture tile by tile, so that memory is bounded by a tile, gradients included."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Look = Callable[[Tensor], Tensor]  # tile [1 C h w] -> scalar


def mean_over_tiles(
    look: Look, picture: Tensor, tile: int, shift: Sequence[float] = (0.0, 0.0)
) -> Tensor:
    """Return the mean of what is seen in each tile, weighted by its area; differentiable.

    Each tile's gradient is found at once, and what its forward pass left behind is freed before the
    next one's begins. Tiles do not see each other, so they should lie elsewhere each time.

    Args:
        look: what is seen in a tile.
        picture: [1 C H W].
        tile: pixels of a side at most; what is no larger is looked at whole.
        shift: of the borders between tiles, -1/2 to 1/2 of a tile, down and across.
    """
    rows, columns = (
        itertools.pairwise(borders(side, tile, by))
        for side, by in zip(picture.shape[2:], shift, strict=True)
    )
    places = list(itertools.product(rows, columns))
    found: Tensor = _Mean.apply(picture, look, places)
    return found


def borders(side: int, tile: int, shift: float) -> list[int]:
    """Return where tiles begin, and the side: each is at most a tile, and at least a fifth."""
    if side <= tile:
        return [0, side]
    parts = math.ceil(1.5 * side / tile)
    inner = [int((place + shift) * side / parts) for place in range(1, parts)]
    return [0, *inner, side]


class _Mean(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, picture: Tensor, look: Look, places: list[Any]) -> Tensor:
        gradient = torch.zeros_like(picture)
        total = picture.new_zeros(())
        for (top, bottom), (left, right) in places:
            part = picture[:, :, top:bottom, left:right].detach().requires_grad_()
            share = part[0, 0].numel() / picture[0, 0].numel()
            with torch.enable_grad():
                seen = look(part) * share
            (slope,) = torch.autograd.grad(seen, part)
            gradient[:, :, top:bottom, left:right] = slope
            total += seen.detach()
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * slope, None, None
