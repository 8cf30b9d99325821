"""What noise is like: how it grows with the light, how neighbours go together, how heavy its tails.

All in grey levels of 0 ... 255: `noise` is what a picture differs from its clean form `light`, both
[N C H W].
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

BINS = 16  # of the light
LAGS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))  # pixels down and right
_FEW = 200  # pixels of a brightness that say nothing of its variance


class Law(NamedTuple):
    """Statistics of noise."""

    share: Tensor  # of the pixels by their light, [BINS]
    light: Tensor  # mean light of those, [BINS]
    variance: Tensor  # of their noise, grey levels squared, [BINS]; not a number where few are
    correlation: Tensor  # of neighbours, the noise divided by its deviation, [LAGS]
    kurtosis: Tensor  # excess, of the same; 0 for normal noise
    deviation: Tensor  # of all


def law(noise: Tensor, light: Tensor) -> Law:
    """Return the statistics of noise on pictures."""
    noise, light = noise.double(), light.double()
    place = (light * (BINS / 256)).long().clamp(0, BINS - 1)
    flat, values = place.flatten(), noise.flatten()

    def total(of: Tensor) -> Tensor:
        return torch.bincount(flat, of, minlength=BINS)

    count = total(torch.ones_like(values))
    mean = total(values) / count
    variance = total((values - mean[flat]).square()) / (count - 1)
    variance[count < _FEW] = torch.nan
    known = variance[place].isfinite()
    unit = ((noise - mean[place]) / variance[place].sqrt()).nan_to_num(0.0, 0.0, 0.0)
    correlation = torch.stack([_correlation(unit, known, *lag) for lag in LAGS])
    inside = unit[known]
    kurtosis = inside.pow(4).mean() / inside.square().mean().square() - 3
    return Law(count / len(flat), total(light.flatten()) / count, variance, correlation, kurtosis,
               values.std())  # fmt: skip


def _correlation(unit: Tensor, known: Tensor, down: int, right: int) -> Tensor:
    height, width = unit.shape[2:]
    one = unit[..., : height - down, : width - right]
    both = known[..., : height - down, : width - right] & known[..., down:, right:]
    return (one * unit[..., down:, right:]).sum() / both.sum()


def variance_error(found: Law, true: Law) -> float:
    """Return how far variances are from the true ones, as a share of them: the mean over pixels."""
    away = (found.variance / true.variance - 1).abs()
    there = away.isfinite()
    return float((away * true.share)[there].sum() / true.share[there].sum())


def correlation_error(found: Law, true: Law) -> float:
    """Return how far the correlations of neighbours are from the true ones: the mean over LAGS."""
    return float((found.correlation - true.correlation).abs().mean())
