"""A convolution whose map is no larger than its window, as a few matrix products.

On a 4 x 4 map more than half of a 5 x 5 window's taps fall on the padding, and libraries multiply
them all. Here one row of the map is one vector, a row of the window one Toeplitz matrix between
rows, and an output row the product of the input rows that exist with the matrices that meet them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.grad import conv2d_input, conv2d_weight


def fits(convolution: nn.Conv2d, x: Tensor) -> bool:
    """Whether this form is the faster one.

    It is where matrix units (AMX) make products cheap and convolutions wait for their copies; with
    vector instructions alone, in bfloat16 and in float32, it took as long as the convolution.
    """
    kernel, (height, width) = convolution.kernel_size[0], x.shape[-2:]
    return (
        x.device.type == "cpu"
        and torch.cpu._is_amx_tile_supported()
        and torch.bfloat16 in (x.dtype, _autocast(x))
        and 1 < max(height, width) <= kernel
        and kernel % 2 == 1
        and convolution.kernel_size == (kernel, kernel)
        and convolution.padding == (kernel // 2, kernel // 2)
        and convolution.stride == convolution.dilation == (1, 1)
        and convolution.groups == 1
        and convolution.padding_mode == "zeros"
        and min(convolution.in_channels, convolution.out_channels) >= 32
        and len(x) >= 32  # the matrices are built anew in each call
    )


def small_convolution(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return [N O H W], the convolution of x [N I H W] with padding k // 2, in bfloat16.

    Args:
        x: the map, no higher nor wider than the window.
        weight: [O I k k], k odd.
        bias: [O] or None.
    """
    with torch.autocast(x.device.type, enabled=False):
        found: Tensor = _Small.apply(x.bfloat16(), weight.bfloat16())
        return found if bias is None else found + bias.bfloat16()[:, None, None]


class _Small(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _convolved(x, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        (x, weight), (gradient,) = ctx.saved_tensors, gradients
        wants_x, wants_weight = ctx.needs_input_grad
        padding = weight.shape[-1] // 2
        if torch.is_grad_enabled():  # a gradient that will itself be differentiated
            by_x = conv2d_input(x.shape, weight, gradient, padding=padding)
            by_weight = conv2d_weight(x, weight.shape, gradient, padding=padding)
            return by_x, by_weight
        turned = weight.flip(2, 3).transpose(0, 1)
        return (
            _convolved(gradient, turned) if wants_x else None,
            _weight_gradient(x, gradient, weight.shape[-1]) if wants_weight else None,
        )


def _convolved(x: Tensor, weight: Tensor) -> Tensor:
    count, inputs, height, width = x.shape
    outputs, _, kernel, _ = weight.shape
    rows = x.permute(0, 2, 3, 1).reshape(count, -1)
    matrices = _toeplitz(weight, width).view(width * outputs, -1)
    found = x.new_empty(height, count, width * outputs)
    step = width * inputs
    for row in range(height):
        first, last = max(0, row - kernel // 2), min(height, row + kernel // 2 + 1)
        tap = kernel // 2 - row  # of the window's row that meets input row 0
        there = rows[:, first * step : last * step]
        taps = matrices[:, (first + tap) * step : (last + tap) * step]
        torch.mm(there, taps.t(), out=found[row])
    return found.view(height, count, width, outputs).permute(1, 3, 0, 2).contiguous()


def _toeplitz(weight: Tensor, width: int) -> Tensor:
    """Return [W O, k, W I]: for each row of the window, what one map row gives to another."""
    kernel = weight.shape[-1]
    beyond = max(0, width - 1 - kernel // 2)  # distances that no tap reaches
    taps = pad(weight.permute(0, 2, 3, 1), (0, 0, beyond, beyond))
    start = kernel // 2 + beyond
    shifted = [taps[:, :, start - out : start - out + width] for out in range(width)]
    return torch.stack(shifted)


def _weight_gradient(x: Tensor, gradient: Tensor, kernel: int) -> Tensor:
    """Return [O I k k]: each tap over only those places where it falls on the map."""
    height, width = x.shape[-2:]
    seen, told = (value.permute(2, 3, 0, 1).contiguous() for value in (x, gradient))
    found = x.new_empty(kernel, kernel, gradient.shape[1], x.shape[1])
    for down in range(kernel):
        for right in range(kernel):
            y, x_ = down - kernel // 2, right - kernel // 2
            here = (slice(max(0, -y), height - max(0, y)), slice(max(0, -x_), width - max(0, x_)))
            there = (slice(max(0, y), height + min(0, y)), slice(max(0, x_), width + min(0, x_)))
            if y in range(1 - height, height) and x_ in range(1 - width, width):
                one, other = told[here].flatten(0, 2), seen[there].flatten(0, 2)
                torch.mm(one.t(), other, out=found[down, right])
            else:
                found[down, right].zero_()
    return found.permute(2, 3, 0, 1)


def _autocast(x: Tensor) -> torch.dtype | None:
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else None
