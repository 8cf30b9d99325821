"""PSNR and SSIM against closed forms and a window moved by hand."""

from __future__ import annotations

import numpy
import pytest
import torch
from scipy.signal import convolve2d
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics.pictures import luma, psnr, ssim

UNIT = (0.0, 1.0)


def pictures(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def by_hand(one: Tensor, other: Tensor, size: int) -> float:
    """Equation 13 of the paper on one channel [H W] in 0 ... 1, window by window, in float64."""
    at = numpy.arange(size) - size // 2
    bell = numpy.exp(-((at / (1.5 * size / 11)) ** 2) / 2)
    window = numpy.outer(bell, bell) / bell.sum() ** 2
    x, y = one.double().numpy(), other.double().numpy()

    def mean(values):
        return convolve2d(values, window, mode="valid")

    mx, my = mean(x), mean(y)
    vx, vy, both = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    top = (2 * mx * my + c1) * (2 * both + c2)
    return float((top / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean())


def test_psnr_of_a_published_example():
    # torchmetrics' documentation: 10 log10(9 / 5)
    output, target = torch.tensor([[[0.0, 1], [2, 3]]]), torch.tensor([[[3.0, 2], [1, 0]]])
    found = psnr(output[None], target[None], (0.0, 3.0))
    torch.testing.assert_close(found, torch.tensor([2.5527]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("image_range", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)])
def test_psnr_of_a_constant_error_is_a_round_number_in_any_range(image_range):
    # breaks when the range is taken from the data, or its upper end taken for its width
    low, high = image_range
    target = low + (high - low) * 0.25 * torch.ones(3, 1, 8, 8)
    error = (high - low) * torch.tensor([0.1, 0.01, 0.0]).view(3, 1, 1, 1)
    found = psnr(target + error, target, image_range)
    assert found[:2].tolist() == pytest.approx([20, 40], abs=1e-3)
    assert found[2] == torch.inf


def test_psnr_is_each_picture_s_own():
    # breaks when the error is pooled over the batch, which one bad picture then decides
    target, output = pictures(4, 3, 8, 8), pictures(4, 3, 8, 8, seed=1)
    alone = torch.cat([psnr(a[None], b[None], UNIT) for a, b in zip(output, target, strict=True)])
    torch.testing.assert_close(psnr(output, target, UNIT), alone)


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(28, 28, 11), (16, 12, 11), (11, 11, 11), (10, 30, 9), (8, 8, 7), (5, 4, 3), (2, 2, 1)],
)
def test_ssim_is_the_paper_s_with_the_largest_window_that_fits(height, width, size):
    # breaks when mirrored margins are averaged in, or when a small picture keeps its 11 pixels
    one, other = pictures(2, 3, height, width), pictures(2, 3, height, width, seed=1)
    other = 0.7 * one + 0.3 * other
    wanted = [
        sum(by_hand(a, b, size) for a, b in zip(x, y, strict=True)) / 3
        for x, y in zip(one, other, strict=True)
    ]
    assert ssim(other, one, UNIT).tolist() == pytest.approx(wanted, abs=2e-5)


def test_ssim_of_flat_pictures_compares_their_brightness_alone():
    # equation 6: (2 m1 m2 + C1) / (m1^2 + m2^2 + C1)
    one, other = torch.full((1, 1, 16, 16), 0.2), torch.full((1, 1, 16, 16), 0.8)
    wanted = (2 * 0.16 + 1e-4) / (0.04 + 0.64 + 1e-4)
    assert ssim(one, other, UNIT).item() == pytest.approx(wanted, abs=1e-4)


def test_ssim_does_not_depend_on_the_range_that_a_model_uses():
    # breaks when pictures in (-1, 1) go to the library as they are: grey would be its black
    one, other = pictures(4, 1, 16, 16), pictures(4, 1, 16, 16, seed=1)
    wide = ssim(2 * one - 1, 2 * other - 1, (-1.0, 1.0))
    torch.testing.assert_close(wide, ssim(one, other, UNIT), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ssim(one, one, UNIT), torch.ones(4))


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_mistakes_are_one_line(metric):
    with pytest.raises(UserError, match="of one shape"):
        metric(pictures(2, 1, 8, 8), pictures(1, 1, 8, 8), UNIT)


def test_luma_is_that_of_video():
    # white is 235 and black 16, green the brightest colour; breaks on the full range of JPEG
    colours = torch.tensor([[1.0, 1, 1], [-1, -1, -1], [-1, 1, -1], [1, -1, -1]]).view(4, 3, 1, 1)
    found = luma(colours.expand(-1, -1, 5, 6), (-1.0, 1.0), border=1)
    assert found.shape == (4, 1, 3, 4)
    wanted = [235.0, 16.0, 16 + 128.553, 16 + 65.481]
    assert found[:, 0, 0, 0].tolist() == pytest.approx(wanted, abs=1e-3)
    grey = torch.full((1, 1, 3, 3), 0.5)
    assert luma(grey, (0.0, 1.0)).unique().tolist() == pytest.approx([16 + 219 / 2])
