"""Modes of histograms that can be counted by hand."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.stats import entropy

from liangyi.core.errors import UserError
from liangyi.metrics.modes import modes


def test_even_samples_have_every_mode_and_no_divergence():
    found = modes(torch.arange(100) % 25, torch.ones(100, dtype=torch.bool), 25)
    assert found.pop("reverse_kl") == pytest.approx(0, abs=1e-12)
    assert found.pop("kl") == pytest.approx(0, abs=1e-12)
    assert found == {"modes": 25, "high_quality": 1}


def test_divergences_are_scipys():
    # breaks when the two directions are exchanged, or in bits
    counts = torch.tensor([1, 2, 3, 10])
    mode = torch.arange(4).repeat_interleave(counts)
    found = modes(mode, torch.ones(16, dtype=torch.bool), 4)
    even = [0.25] * 4
    assert found["reverse_kl"] == pytest.approx(entropy(counts / 16, even))
    assert found["kl"] == pytest.approx(entropy(even, counts / 16))


def test_bad_samples_count_in_the_quality_only():
    # breaks when the histogram holds all samples: PacGAN's code drops those beyond 3 deviations
    mode, good = torch.tensor([0, 0, 1, 1, 2, 2]), torch.tensor([1, 1, 1, 1, 0, 0]).bool()
    found = modes(mode, good, 3)
    assert found["modes"] == 2 and found["high_quality"] == pytest.approx(2 / 3)
    assert found["reverse_kl"] == pytest.approx(math.log(3) - math.log(2))
    assert found["kl"] == math.inf  # a missed mode, said honestly


def test_collapse_and_nothing_good_are_the_worst():
    mode = torch.zeros(50, dtype=torch.int64)
    for good, count in ((True, 1), (False, 0)):
        found = modes(mode, torch.full((50,), good), 1000)
        assert found["modes"] == count and found["kl"] == math.inf
        assert found["reverse_kl"] == pytest.approx(math.log(1000))


def test_a_mixture_of_one_mode():
    found = modes(torch.zeros(3, dtype=torch.int64), torch.tensor([True, True, False]), 1)
    assert found == {"modes": 1, "high_quality": pytest.approx(2 / 3), "reverse_kl": 0, "kl": 0}


def test_mistakes_are_named():
    good = torch.ones(3, dtype=torch.bool)
    with pytest.raises(UserError, match="within 0 to 2, not 0 to 3"):
        modes(torch.tensor([0, 1, 3]), good, 3)
    with pytest.raises(UserError, match="within 0 to 2"):
        modes(torch.tensor([0, 1, -1]), good, 3)
    with pytest.raises(UserError, match=r"not \[2\] and \[3\]"):
        modes(torch.tensor([0, 1]), good, 3)
    with pytest.raises(UserError, match="N at least 1"):
        modes(torch.tensor([]), good[:0], 3)
