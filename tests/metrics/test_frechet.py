"""The Frechet distance against closed forms, scipy's matrix root and torch-fidelity."""

from __future__ import annotations

import numpy
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics.frechet import (
    Gaussian,
    frechet,
    frechet_error,
    gaussian,
    jackknife,
    parts,
)


def draw(count: int, width: int, seed: int, scale: float = 1.0) -> Tensor:
    """Return correlated features; the law depends on the width and the scale only."""
    mix = torch.randn(width, width, generator=torch.Generator().manual_seed(width))
    items = torch.randn(count, width, generator=torch.Generator().manual_seed(1000 + seed))
    return scale * (items @ mix / width**0.5 + 1)


def distance(real: Tensor, fake: Tensor) -> float:
    return frechet(gaussian(real), gaussian(fake))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_the_fit_is_numpys(dtype):
    # breaks with a biased covariance, or with sums in the features' own precision
    features = draw(50, 7, 0).to(dtype)
    mean, covariance, count = gaussian(features)
    given_ = features.double().numpy()
    assert mean.dtype == covariance.dtype == torch.float64 and count == 50
    numpy.testing.assert_allclose(mean, given_.mean(0), rtol=1e-12)
    numpy.testing.assert_allclose(covariance, numpy.cov(given_, rowvar=False), rtol=1e-10)


def test_two_diagonal_gaussians_have_a_closed_form():
    # breaks with a missing factor 2 or a missing root: sum (m1 - m2)^2 + (s1 - s2)^2
    one = Gaussian(torch.tensor([0.0, 1, 2]).double(), torch.tensor([1.0, 4, 9]).diag().double(), 9)
    two = Gaussian(torch.tensor([3.0, 1, 0]).double(), torch.tensor([4.0, 4, 1]).diag().double(), 9)
    assert frechet(one, two) == pytest.approx(9 + 0 + 4 + 1 + 0 + 4, rel=1e-12)


@pytest.mark.parametrize(("count", "others", "width"), [(300, 200, 5), (90, 400, 40)])
def test_it_is_the_general_matrix_root(count, others, width):
    # breaks when L^T S2 L is mistaken (L S2 L^T has other eigenvalues)
    one, two = gaussian(draw(count, width, 0)), gaussian(draw(others, width, 1, 1.5))
    root = scipy.linalg.sqrtm(one.covariance.numpy() @ two.covariance.numpy())
    apart = float((one.mean - two.mean).square().sum())
    expected = apart + float((one.covariance + two.covariance).trace()) - 2 * numpy.trace(root).real
    assert frechet(one, two) == pytest.approx(expected, rel=1e-9)


def test_it_is_torch_fidelitys():
    fid = pytest.importorskip("torch_fidelity.metric_fid")
    one, two = draw(300, 24, 0).double(), draw(250, 24, 1, 0.7).double()
    both = [fid.fid_features_to_statistics(features) for features in (one, two)]
    expected = fid.fid_statistics_to_metric(*both, verbose=False)[fid.KEY_METRIC_FID]
    assert distance(one, two) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("count", "others"), [(10, 12), (12, 10), (10, 200), (200, 10), (30, 30)])
def test_fewer_items_than_dimensions(count, others):
    # S1 has no Cholesky factor: breaks with NaN, with an imaginary root, or with roots of rounding
    # errors; the trace of the root is the sum of the singular values of X Y^T
    one, two = draw(count, 30, 0).double(), draw(others, 30, 1).double()
    left = (one - one.mean(0)) / (count - 1) ** 0.5
    right = (two - two.mean(0)) / (others - 1) ** 0.5
    expected = (one.mean(0) - two.mean(0)).square().sum() + left.square().sum()
    expected += right.square().sum() - 2 * torch.linalg.svdvals(left @ right.T).sum()
    assert distance(one, two) == pytest.approx(float(expected), rel=1e-8)


@settings(max_examples=25, deadline=None)
@given(some.integers(2, 40), some.integers(2, 40), some.integers(1, 30), some.integers(0, 99))
def test_it_is_a_symmetric_number_and_zero_for_equal_sets(count, others, width, seed):
    # breaks when the clamps are missing, or when rank decides the result
    one, two = draw(count, width, seed), draw(others, width, seed + 1)
    there, back = distance(one, two), distance(two, one)
    assert 0 <= there < float("inf")
    assert there == pytest.approx(back, rel=1e-6, abs=1e-6)
    assert distance(one, one) == pytest.approx(0, abs=1e-6)


def test_constant_features_differ_by_their_place_only():
    # breaks when a covariance of zeros has no root
    flat = torch.zeros(5, 3)
    assert distance(flat, flat) == 0
    assert distance(flat, flat + torch.tensor([1.0, 2, 2])) == pytest.approx(9)
    spread = draw(50, 3, 0)
    trace = float(gaussian(spread).covariance.trace())
    assert distance(spread - spread.mean(0), flat) == pytest.approx(trace, rel=1e-5)


def test_a_planted_shift_and_a_planted_scale_cost_what_they_should():
    real = draw(200, 6, 0).double()
    assert distance(real, real + torch.arange(6)) == pytest.approx(55, rel=1e-9)
    centred = real - real.mean(0)
    trace = float(gaussian(real).covariance.trace())
    assert distance(centred, 3 * centred) == pytest.approx(4 * trace, rel=1e-9)


def test_equal_laws_have_a_floor_that_falls_with_the_number():
    # what a perfect generator gets: not 0, about one over N
    few, many = (distance(draw(n, 8, 0), draw(n, 8, 1)) for n in (250, 4000))
    assert 0 < many < few / 4
    assert many < 0.05 < distance(draw(4000, 8, 0), draw(4000, 8, 1) + 0.1)


def test_the_error_is_that_of_fits_with_each_group_left_out():
    # breaks when sums are not taken away rightly, or mean and covariance get wrong counts
    real, fake = draw(43, 6, 0), draw(61, 6, 1, 1.3)
    values = []
    for one, two in zip(parts(43, 5), parts(61, 5), strict=True):
        kept, others = torch.ones(43, dtype=torch.bool), torch.ones(61, dtype=torch.bool)
        kept[one], others[two] = False, False
        values.append(distance(real[kept], fake[others]))
    expected = (4 / 5 * sum((v - sum(values) / 5) ** 2 for v in values)) ** 0.5
    assert frechet_error(real, fake, 5) == pytest.approx(expected, rel=1e-9)
    assert jackknife(values) == pytest.approx(expected, rel=1e-12)


def test_the_error_is_the_spread_over_repeated_draws():
    # breaks with the factor of an ordinary standard deviation: 9 or 3 times too small
    pairs = [(draw(300, 5, 2 * i), draw(300, 5, 2 * i + 1) + 0.4) for i in range(40)]
    spread = torch.tensor([distance(*pair) for pair in pairs]).std()
    errors = torch.tensor([frechet_error(*pair) for pair in pairs])
    assert 0.5 < float(errors.mean() / spread) < 2


def test_the_error_survives_a_far_origin():
    # breaks when sums of squares are taken about 0: all digits cancel
    real, fake = draw(100, 4, 0).double(), draw(100, 4, 1).double() + 1
    assert frechet_error(real + 1e7, fake + 1e7) == pytest.approx(
        frechet_error(real, fake), rel=1e-5
    )


def test_groups_are_fair_where_items_come_in_an_order():
    # breaks with every tenth item, or with neighbours: a group would be one class
    for labels in (torch.arange(1000) % 10, torch.arange(1000) // 100):
        split = parts(1000, 10)
        assert torch.cat(split).sort().values.tolist() == list(range(1000))
        for group in split:
            assert len(group) == 100 and labels[group].bincount(minlength=10).min() >= 2
    assert all(map(torch.equal, parts(50, 3), parts(50, 3)))


def test_mistakes_are_named():
    good = draw(10, 3, 0)
    with pytest.raises(UserError, match="at least 2 items"):
        gaussian(good[:1])
    with pytest.raises(UserError, match="not finite"):
        gaussian(torch.where(good == good[3, 1], torch.nan, good))
    with pytest.raises(UserError, match="widths 3 and 2"):
        distance(good, good[:, :2])
    with pytest.raises(UserError, match="2 to 5 do"):
        frechet_error(good, good)
