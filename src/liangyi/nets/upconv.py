"""Upsample, then convolve: the generator family of the early Keras GANs."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from liangyi.core.errors import UserError


def quartered(shape: Sequence[int], smallest: int = 1) -> tuple[int, int]:
    """Return a quarter of the picture's height and width.

    Raises:
        UserError: they are no multiples of 4, or too small.
    """
    _, height, width = shape
    if height % 4 or width % 4 or min(height, width) < 4 * smallest:
        raise UserError(
            f"this model draws pictures whose sides are multiples of 4 and at least "
            f"{4 * smallest}, not {width} x {height}",
            setting="size",
            better=28,
        )
    return height // 4, width // 4


def double(inputs: int, outputs: int, kernel: int = 5) -> list[nn.Module]:
    """Return layers that double a map by nearest neighbours and convolve it."""
    return [nn.Upsample(scale_factor=2), convolve(inputs, outputs, kernel)]


def convolve(inputs: int, outputs: int, kernel: int = 5) -> nn.Module:
    """Return a convolution that keeps the map's size; an even window reaches one pixel ahead."""
    if kernel % 2:
        return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    before, after = (kernel - 1) // 2, kernel // 2
    return nn.Sequential(
        nn.ZeroPad2d((before, after, before, after)), nn.Conv2d(inputs, outputs, kernel)
    )
