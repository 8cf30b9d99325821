"""Penalties on a critic's slope. Every one is per sample, then averaged over the batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def slopes(critic: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Return the norm of the critic's gradient at each of the points [N ...], shape [N]."""
    points = points.detach().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return gradient.float().flatten(1).norm(dim=1)


def unit_slope(critic: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """E (||grad f(x)|| - 1)^2: around real items that of DRAGAN (arXiv:1705.07215, section 2.3)."""
    return (slopes(critic, points) - 1).square().mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, mix: Tensor
) -> Tensor:
    """E (||grad f(x^)|| - 1)^2 on lines between real and fake: arXiv:1704.00028, eq. 3.

    Args:
        critic: items [N ...] -> values [N] or [N 1].
        real: real items [N ...].
        fake: generated items [N ...].
        mix: one number of U(0, 1) for each pair, [N].
    """
    mix = mix.view(-1, *[1] * (real.dim() - 1))
    between = mix * real + (1 - mix) * fake.detach()
    return unit_slope(critic, between)


def zero_centred(critic: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """E ||grad f(x)||^2: R1 on real points, R2 on generated ones (arXiv:1801.04406)."""
    return slopes(critic, points).square().mean()
