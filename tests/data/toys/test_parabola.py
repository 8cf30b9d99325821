"""The parabola: what it draws, and what it says of samples whose distance is known."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.data.toys.parabola import Parabola


def drawn(law, count: int = 40_000, seed: int = 0) -> torch.Tensor:
    return law.draw(count, torch.Generator().manual_seed(seed))["point"]


def test_the_parabola_is_a_curve_over_an_even_x():
    x, y = drawn(Parabola()).unbind(1)
    assert torch.equal(y, x**2)
    assert -0.5 <= x.min() < -0.499 and 0.499 < x.max() <= 0.5
    assert float(x.mean()) == pytest.approx(0, abs=0.007)
    assert float(x.std()) == pytest.approx(1 / math.sqrt(12), rel=0.01)


def test_the_parabola_judges_itself_to_be_there():
    found = Parabola().truth(drawn(Parabola()))
    assert found["off_curve"] == pytest.approx(0, abs=1e-7)
    assert found["wasserstein_of_x"] == pytest.approx(0, abs=0.007)
    assert found["kolmogorov_of_x"] < 0.01


@pytest.mark.parametrize("count", [1000, 1001])
def test_the_parabola_measures_how_far_samples_are(count):
    law = Parabola()
    x = torch.linspace(-0.5, 0.5, count)[torch.randperm(count)]
    assert law.truth(torch.stack([x, x**2 - 0.25], 1))["off_curve"] == pytest.approx(0.25)
    # shifted by s: s; all at 0: the mean |x| of the law; squeezed to half: half of that
    shifted = law.truth(torch.stack([x + 0.3, (x + 0.3) ** 2], 1))
    assert shifted["wasserstein_of_x"] == pytest.approx(0.3, abs=1e-3)
    assert shifted["off_curve"] == pytest.approx(0, abs=1e-6)
    assert law.truth(torch.zeros(count, 2))["wasserstein_of_x"] == pytest.approx(1 / 4, abs=1e-3)
    squeezed = law.truth(torch.stack([x / 2, x], 1))
    assert squeezed["wasserstein_of_x"] == pytest.approx(1 / 8, abs=1e-3)
