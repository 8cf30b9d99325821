"""Statistics of noise: what they say of laws that are known."""

from __future__ import annotations

import pytest
import torch

from liangyi.core import draw
from liangyi.metrics import error, noise


def sample(purpose: str, count: int = 200) -> tuple[torch.Tensor, torch.Tensor]:
    """Return light [N 1 32 32] in 0 ... 255 and white noise of N(0, 1)."""
    dice = draw.generator(0, purpose)
    light = (torch.rand(count, 1, 32, 32, generator=dice) * 256).floor()
    return light, torch.randn(count, 1, 32, 32, generator=dice)


def test_the_variance_follows_the_light():
    # breaks when bins are those of other pixels, or the light is another range
    light, white = sample("variance")
    found = noise.law((25 + 0.8 * light).sqrt() * white, light)
    assert found.variance.numpy() == pytest.approx(25 + 0.8 * found.light.numpy(), rel=0.05)
    assert float(found.share.sum()) == pytest.approx(1)
    assert float(found.kurtosis) == pytest.approx(0, abs=0.05)
    assert found.correlation.abs().max() < 0.02


def test_a_moving_average_correlates_as_its_kernel():
    light, white = sample("correlation")
    found = noise.law(white + white.roll(1, 3), light)  # with the left neighbour alone
    wanted = dict(zip(noise.LAGS, found.correlation.tolist(), strict=True))
    assert wanted[0, 1] == pytest.approx(0.5, abs=0.02)
    assert all(abs(value) < 0.02 for lag, value in wanted.items() if lag != (0, 1))


def test_tails_are_heavier_where_they_are():
    light, white = sample("tails")
    found = noise.law(white.sign() * -torch.log(torch.rand_like(white)), light)
    assert float(found.kurtosis) == pytest.approx(3, abs=0.3)  # Laplace's law


def test_equal_laws_differ_in_nothing_and_twice_the_noise_fourfold():
    light, white = sample("equal")
    one, other = noise.law(white, light), noise.law(2 * white, light)
    assert noise.variance_error(one, one) == noise.correlation_error(one, one) == 0
    assert noise.variance_error(other, one) == pytest.approx(3)
    assert noise.correlation_error(other, one) == pytest.approx(0, abs=1e-6)


def test_a_brightness_with_few_pixels_says_nothing():
    light, white = sample("few", 1)
    light.fill_(100)
    light[0, 0, 0, 0] = 250
    found = noise.law(white, light)
    assert found.variance.isfinite().sum() == 1 and found.kurtosis.isfinite()


def test_the_jackknife_of_a_mean_is_the_error_of_the_mean():
    each = torch.tensor([1.0, 4.0, 2.0, 9.0])
    left_out = (each.sum() - each) / 3
    assert error.of_left_out(left_out) == pytest.approx(error.of_mean(each))
