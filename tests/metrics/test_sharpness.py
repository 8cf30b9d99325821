"""What blurring takes away, where that is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import avg_pool2d

from liangyi.metrics import error
from liangyi.metrics.sharpness import fine_share, laplacian_variance


def wave(cycles: int, size: int = 32) -> torch.Tensor:
    """Return a picture of so many waves side by side."""
    line = torch.cos(2 * math.pi * cycles * torch.arange(size) / size)
    return line.expand(1, 1, size, size)


def test_the_laplacian_of_a_wave_is_known():
    # the second difference of cos(kx) is (2 cos k - 2) cos(kx), whose square is 1/2 on average
    for cycles in (2, 4, 8):
        k = 2 * math.pi * cycles / 34
        x = torch.arange(34) * k  # a whole number of waves inside the margin of one pixel
        image = torch.cos(x)[1:-1] * 1.0
        inside = image[1:-1] * (2 * math.cos(k) - 2)
        found = laplacian_variance(image.expand(1, 1, 32, 32))
        assert float(found) == pytest.approx(float(inside.var(correction=0)), rel=1e-4)


def test_slopes_and_even_pictures_are_not_sharp():
    slope = torch.arange(16.0).expand(2, 3, 16, 16)
    assert laplacian_variance(slope).tolist() == pytest.approx([0, 0], abs=1e-9)
    even = torch.full((2, 3, 16, 16), 0.7)
    assert fine_share(even).tolist() == [0, 0] == laplacian_variance(even).tolist()
    assert laplacian_variance(torch.rand(2, 1, 2, 9)).tolist() == [0, 0]


def test_a_wave_is_fine_or_not():
    assert float(fine_share(wave(4))) == pytest.approx(0, abs=1e-9)  # 8 pixels long
    assert float(fine_share(wave(12))) == pytest.approx(1, abs=1e-6)  # 2.7 pixels long
    assert float(fine_share(wave(4) + wave(12))) == pytest.approx(0.5, abs=1e-6)
    # brightness is no energy
    assert float(fine_share(wave(4) + wave(12) + 5)) == pytest.approx(0.5, abs=1e-6)


def test_white_noise_has_its_share_of_frequencies():
    noise = torch.randn(50, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    down = torch.fft.fftfreq(64)
    wanted = float((torch.hypot(down[:, None], down[None]) > 0.25).float().mean())
    assert float(fine_share(noise).mean()) == pytest.approx(wanted, rel=0.01)


def test_blur_takes_both_away_in_order():
    sharp = torch.rand(20, 3, 24, 24, generator=torch.Generator().manual_seed(1)).round()
    blurred = avg_pool2d(sharp, 3, 1, 1)
    more = avg_pool2d(blurred, 3, 1, 1)
    for measure in (laplacian_variance, fine_share):
        one, two, three = (measure(x) for x in (sharp, blurred, more))
        assert ((one > two) & (two > three)).all()


def test_the_error_of_a_ratio_is_its_spread():
    dice = torch.Generator().manual_seed(0)
    below = 2 + torch.rand(2000, 400, generator=dice)
    above = 0.5 * below + 0.3 * torch.randn(2000, 400, generator=dice)
    ratios = above.mean(1) / below.mean(1)
    said = sum(error.of_ratio(a, b) for a, b in zip(above[:50], below[:50], strict=True)) / 50
    assert said == pytest.approx(float(ratios.std()), rel=0.06)
