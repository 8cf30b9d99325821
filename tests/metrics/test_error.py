"""Standard errors against enumeration: what they promise must be kept."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from scipy.stats import binom
from torch import Tensor

from liangyi.metrics import error
from liangyi.metrics.neighbours import manifold, manifold_errors, two_sample, two_sample_error


def test_error_of_a_mean_is_the_textbook_one():
    assert error.of_mean(torch.tensor([1.0, 2.0, 3.0, 4.0])) == pytest.approx(
        math.sqrt(5 / 3 / 4)
    )  # the variance of 1 ... 4 is 5/3


@pytest.mark.parametrize("truth", [0.01, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("count", [50, 750])
def test_intervals_of_shares_hold_the_truth(truth, count):
    """Enumerated over all outcomes: 1.96 errors hold the true share in about 95 % of them."""
    held = 0.0
    for successes in range(count + 1):
        share = successes / count
        held += binom.pmf(successes, count, truth) * (
            abs(share - truth) <= 1.96 * error.of_share(share, count)
        )
    assert held > 0.9


def test_none_of_many_is_not_certainty_and_more_items_say_more():
    errors = [error.of_share(0.0, count) for count in (10, 100, 1000)]
    assert all(before > after > 0 for before, after in pairwise(errors))
    assert error.of_share(1.0, 100) == pytest.approx(error.of_share(0.0, 100))


def test_subsets_of_independent_items_give_the_error_of_independent_items():
    items = torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
    alone = [error.of_mean(items[:, place]) for place in range(4)]
    found = error.of_redrawn(lambda real, fake: fake.unbind(1), items, items, alone)
    assert sum(found) == pytest.approx(sum(alone), rel=0.25)


def test_what_the_real_items_do_to_all_samples_at_once_is_seen():
    # breaks when samples that one set of real items judges are taken for independent: the share
    # that lies beside that set's mean is nothing but the mean
    def once(seed: int) -> tuple[float, float, float]:
        dice = torch.Generator().manual_seed(seed)
        real, fake = torch.randn(50, 1, generator=dice), torch.randn(400, 1, generator=dice)

        def each(some: Tensor, others: Tensor) -> list[Tensor]:
            return [(others > some.mean()).flatten().float()]

        share = float(each(real, fake)[0].mean())
        alone = error.of_share(share, 400)
        return share, alone, error.of_redrawn(each, real, fake, [alone])[0]

    shares, alone, redrawn = torch.tensor([once(seed) for seed in range(60)]).unbind(1)
    spread = float(shares.std())
    assert float(alone.mean()) < 0.6 * spread
    assert 0.8 * spread < float(redrawn.mean()) < 1.3 * spread


@pytest.mark.parametrize("count", [10, 20])
def test_few_items_have_an_error_too(count):
    real, fake = torch.randn(2, count, 3).unbind()
    found = manifold(real, fake)
    assert all(0 < away < 1 for away in manifold_errors(real, fake, found))
    told = two_sample(real, fake)
    assert 0 < two_sample_error(real, fake, told) < 1


def test_errors_of_neighbours_cover_both_sets_drawn_anew():
    # breaks when balls about other real items would move the figure further than its interval
    def once(seed: int) -> list[list[float]]:
        dice = torch.Generator().manual_seed(seed)
        real = torch.randn(200, 2, generator=dice)
        fake = torch.randn(200, 2, generator=dice) + 0.7
        found = manifold(real, fake)
        return [[float(each.mean()) for each in found], manifold_errors(real, fake, found)]

    values, errors = torch.tensor([once(seed) for seed in range(40)]).unbind(1)
    ratio = errors.mean(0) / values.std(0)
    assert float(ratio.min()) > 0.8 and float(ratio.max()) < 1.8
    assert error.of_share(float(values.mean(0)[1]), 200) < 0.7 * float(values.std(0)[1])
