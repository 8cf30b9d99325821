"""Fully connected layers whose products oneDNN makes, where that is faster: `core.products`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from liangyi.nets.fast.products import product, slow

_WORTH = 10_000_000  # multiplications; with fewer the way through Python takes what it saves


def faster(layer: nn.Linear, x: Tensor) -> bool:
    """Whether `linear` is faster than the layer itself."""
    return (
        x.dim() == 2
        and len(x) * layer.in_features * layer.out_features >= _WORTH
        and not torch.is_autocast_enabled(x.device.type)
        and slow(x, layer.weight)
    )


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return [N O]: x [N I] times weight [O I] transposed, plus bias [O] if there is one."""
    found: Tensor = _Linear.apply(x, weight, bias)
    return found


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (x, weight), (gradient,) = ctx.saved_tensors, gradients
        wants_x, wants_weight, wants_bias = ctx.needs_input_grad
        # a gradient that will itself be differentiated is made of PyTorch's own products
        multiplied = torch.nn.functional.linear if torch.is_grad_enabled() else product
        return (
            multiplied(gradient, weight.t()) if wants_x else None,
            multiplied(gradient.t(), x.t()) if wants_weight else None,
            gradient.sum(0) if wants_bias else None,
        )
