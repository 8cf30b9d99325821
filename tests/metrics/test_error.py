"""Standard errors against enumeration: what they promise must be kept."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from scipy.stats import binom

from liangyi.metrics import error


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
