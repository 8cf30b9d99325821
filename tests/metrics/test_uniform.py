"""Distances to an even law, where they can be said beforehand."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import kstest

from liangyi.metrics.uniform import to_uniform


def test_both_are_those_of_other_libraries():
    numbers = 3 * torch.rand(501, generator=torch.Generator().manual_seed(0)).square() - 1
    distance, gap = to_uniform(numbers, -1, 2)
    assert gap == pytest.approx(kstest(numbers.double().numpy(), "uniform", (-1, 3)).statistic)
    even = torch.linspace(-1, 2, 200_001)
    wanted = (numbers.sort().values[(torch.arange(200_001) * 501 // 200_001)] - even).abs().mean()
    assert distance == pytest.approx(float(wanted), abs=0.01)


def test_a_shift_a_half_and_a_point():
    even = (torch.arange(1000) + 0.5) / 1000
    assert to_uniform(even, 0, 1) == pytest.approx((0, 0.0005), abs=1e-6)
    assert to_uniform(even + 0.2, 0, 1) == pytest.approx((0.2, 0.2), abs=1e-3)
    assert to_uniform(even / 2, 0, 1) == pytest.approx((0.25, 0.5), abs=1e-3)
    assert to_uniform(torch.full((1000,), 0.5), 0, 1) == pytest.approx((0.25, 0.5), abs=1e-3)
