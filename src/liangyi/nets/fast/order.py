"""The order of maps in memory: which numbers of [N C H W] lie beside each other."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_SMALL = 16  # values in the smallest maps


class _Ordered(torch.autograd.Function):
    """Values in another order, their gradient back in the first one.

    Plain `contiguous` leaves the gradient as it comes, and whatever computes with values in one
    order and gradients in the other takes ten times as long.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, there: torch.memory_format, back: torch.memory_format
    ) -> Tensor:
        ctx.back = back
        return x.contiguous(memory_format=there)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return gradients[0].contiguous(memory_format=ctx.back), None, None


def arranged(x: Tensor) -> Tensor:
    """Return a map [N C H W] in the order in which oneDNN convolves it fastest; others unchanged.

    Channels last spares it a copy into its own order; for the smallest maps its kernels for the
    usual order waste less on the padding.
    """
    if x.dim() != 4 or x.device.type != "cpu":
        return x
    channels, height, width = x.shape[1:]
    if channels == 1 and x.is_contiguous():  # both orders at once, unless the strides tell
        return x.as_strided(x.shape, (height * width, 1, width, 1))
    return _turned(x, torch.channels_last if height * width > _SMALL else torch.contiguous_format)


def flattened(x: Tensor) -> Tensor:
    """Return [N C*H*W]."""
    return _turned(x, torch.contiguous_format).flatten(1) if x.dim() == 4 else x.flatten(1)


def _turned(x: Tensor, order: torch.memory_format) -> Tensor:
    if x.is_contiguous(memory_format=order):
        return x
    other = torch.contiguous_format if order is torch.channels_last else torch.channels_last
    turned: Tensor = _Ordered.apply(x, order, other)
    return turned
