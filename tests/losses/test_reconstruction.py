"""Reconstruction losses: over what each sums, over what it averages, and its floor."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from liangyi.losses.reconstruction import bernoulli, kl_to_standard_normal, squared_error


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 4, 5), (7,)])
def test_pixels_are_summed_and_pictures_averaged(count, shape):
    # breaks when a mean over pixels sneaks in (784 times too little) or a sum over the batch
    pixels = math.prod(shape)
    ones, zeros = torch.ones(count, *shape), torch.zeros(count, *shape)
    assert float(squared_error(zeros + 0.5, -ones)) == pytest.approx(2.25 * pixels)
    assert float(bernoulli(zeros, ones * 0.3)) == pytest.approx(math.log(2) * pixels, rel=1e-5)


def test_squared_error_is_zero_only_for_the_picture_itself():
    picture = torch.randn(3, 1, 4, 4)
    assert float(squared_error(picture, picture)) == 0
    wrong = picture.clone()
    wrong[1, 0, 2, 2] += 3
    assert float(squared_error(wrong, picture)) == pytest.approx(9 / 3, rel=1e-5)


def test_bernoulli_is_the_likelihood_of_pixels():
    logits, target = torch.randn(4, 2, 3), torch.randint(0, 2, (4, 2, 3)).float()
    wanted = -Bernoulli(logits=logits).log_prob(target).sum((1, 2)).mean()
    torch.testing.assert_close(bernoulli(logits, target), wanted)


def test_grey_pixels_cost_at_least_their_entropy():
    # grey values are taken as probabilities: no reconstruction costs less than H(x)
    grey = torch.tensor([[0.1, 0.5, 0.8]])
    floor = float(Bernoulli(grey).entropy().sum())
    at = [float(bernoulli(grey.logit() + shift, grey)) for shift in (-0.2, 0.0, 0.2)]
    assert at[1] == pytest.approx(floor, rel=1e-5)
    assert at[1] < min(at[0], at[2])


def test_black_and_white_pixels_cost_nothing_when_they_are_certain():
    picture = torch.tensor([[0.0, 1.0]])
    assert float(bernoulli((picture * 2 - 1) * 1e4, picture)) == 0
    assert float(bernoulli((1 - picture * 2) * 1e4, picture)) == pytest.approx(2e4)


def test_half_precision_outputs_give_float32_losses_of_the_same_numbers():
    output, target = torch.randn(4, 300).bfloat16(), torch.rand(4, 300)
    for loss in (squared_error, bernoulli):
        assert loss(output, target).dtype == torch.float32
        assert torch.equal(loss(output, target), loss(output.float(), target))
    kl = kl_to_standard_normal(output, output)
    assert kl.dtype == torch.float32
    assert torch.equal(kl, kl_to_standard_normal(output.float(), output.float()))


def test_a_standard_normal_is_no_distance_from_itself():
    # breaks with the sign error of the originals' comment, or without the - 1
    assert kl_to_standard_normal(torch.zeros(3, 5), torch.zeros(3, 5)).tolist() == [0, 0, 0]


def test_kl_agrees_with_torch_and_is_one_number_an_item():
    # breaks when codes are averaged, or the deviation is taken for the variance
    mean, log_variance = torch.randn(2, 6, 4)
    normal = Normal(mean, (log_variance / 2).exp())
    wanted = kl_divergence(normal, Normal(0.0, 1.0)).sum(1)
    found = kl_to_standard_normal(mean, log_variance)
    assert found.shape == (6,)
    torch.testing.assert_close(found, wanted)


def test_kl_by_hand():
    # m = 2, s^2 = e: (4 + e - 1 - 1) / 2
    found = kl_to_standard_normal(torch.tensor([[2.0]]), torch.tensor([[1.0]]))
    assert float(found) == pytest.approx((2 + math.e) / 2, rel=1e-6)


def test_kl_keeps_its_digits_close_to_the_standard_normal():
    # breaks with exp(v) - 1 - v, which cancels: the truth is v^2 / 4
    tiny = torch.full((1, 1), 1e-3)
    found = float(kl_to_standard_normal(torch.zeros(1, 1), tiny))
    assert found == pytest.approx(1e-6 / 4, rel=2e-3)
