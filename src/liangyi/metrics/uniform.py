"""How far numbers are from an even law on an interval."""

from __future__ import annotations

import torch
from torch import Tensor


def to_uniform(numbers: Tensor, low: float, high: float) -> tuple[float, float]:
    """Return the Wasserstein-1 distance and the Kolmogorov-Smirnov statistic to U(low, high).

    The first is in units of the numbers, against as many even quantiles of the law; the second is
    the largest gap between the two distribution functions, 0 to 1.

    Args:
        numbers: [N].
        low: where the law begins.
        high: where it ends.
    """
    found = numbers.detach().double().cpu().sort().values
    count = len(found)
    above = torch.linspace(1 / count, 1, count, device="cpu", dtype=torch.float64)
    even = low + (high - low) * (above - 0.5 / count)
    law = ((found - low) / (high - low)).clamp(0, 1)
    gap = torch.maximum(above - law, law - (above - 1 / count)).max()
    return float((found - even).abs().mean()), float(gap)
