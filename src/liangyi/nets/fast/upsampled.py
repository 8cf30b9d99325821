"""Upsampling by two and the convolution after it, as one convolution on the small map.

The doubled map holds each value four times, so a k x k window on it sees few different values: of
25 taps on a 5 x 5 window nine are different. Each of the four phases of the output, out[2i + p], is
therefore a convolution of the small map with sums of taps, and all four are one convolution with
four times the channels: 9/25 of the arithmetic for a 5 x 5 window, and no doubled map in memory.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d


def folds(upsample: nn.Module, convolution: nn.Conv2d) -> bool:
    """Whether these two layers are a doubling by nearest neighbours and a wide odd window on it."""
    kernel = convolution.kernel_size[0]
    return (
        isinstance(upsample, nn.Upsample)
        and upsample.mode == "nearest"
        and upsample.size is None
        and upsample.scale_factor == 2
        and convolution.kernel_size == (kernel, kernel)
        and kernel % 2 == 1
        and kernel >= 5  # a 3 x 3 window sees 3 x 3 phases' values: nothing is saved
        and convolution.padding == (kernel // 2, kernel // 2)
        and convolution.stride == convolution.dilation == (1, 1)
        and convolution.groups == 1
        and convolution.padding_mode == "zeros"
    )


def upsampled_convolution(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return [N O 2H 2W]: x [N I H W] doubled by nearest neighbours, then convolved.

    Args:
        x: the small map.
        weight: of the convolution on the doubled map, [O I k k] with odd k; padding is k // 2.
        bias: [O] or None.
    """
    outputs, inputs, kernel, _ = weight.shape
    sums = _sums(kernel, weight.device, weight.dtype)
    side = _reach(kernel)
    with torch.autocast(x.device.type, enabled=False):  # sums of rounded weights round twice
        folded = weight.reshape(outputs * inputs, kernel * kernel) @ sums
    folded = folded.view(outputs, inputs, 4, side, side).permute(2, 0, 1, 3, 4)
    phases = conv2d(
        x.contiguous(memory_format=torch.channels_last),
        folded.reshape(4 * outputs, inputs, side, side),
        None if bias is None else bias.repeat(4),
        padding=side // 2,
    )
    count, _, height, width = phases.shape
    rows = phases.permute(0, 2, 3, 1).reshape(count, height, width, 2, 2, outputs)
    rows = rows.permute(0, 1, 3, 2, 4, 5).reshape(count, 2 * height, 2 * width, outputs)
    return rows.permute(0, 3, 1, 2)


def _reach(kernel: int) -> int:
    """Return how many neighbouring small values a window of odd size sees on the doubled map."""
    return 2 * ((kernel // 2 + 1) // 2) + 1


@lru_cache
def _sums(kernel: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Return [k k, 2 2 s s] of 0 and 1: which taps add up in which phase's small window."""
    side = _reach(kernel)
    axis = torch.zeros(2, side, kernel, device="cpu")
    for phase in range(2):
        for tap in range(kernel):
            axis[phase, (phase + tap - kernel // 2) // 2 + side // 2, tap] = 1
    both = torch.einsum("pak,qbl->pqabkl", axis, axis)
    return both.reshape(-1, kernel * kernel).t().contiguous().to(device, dtype)
