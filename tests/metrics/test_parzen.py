"""The Parzen window against densities that are known, and what makes it a poor measure."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from liangyi.core.errors import UserError
from liangyi.metrics.parzen import best_deviation, parzen


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_one_sample_is_a_normal_about_it():
    # breaks when a constant is lost: 784 pixels times log sigma are hundreds of nats
    items, centre = noise(7, 5), noise(1, 5, seed=1)
    law = MultivariateNormal(centre[0].double(), 0.3**2 * torch.eye(5).double())
    found = parzen(items, centre, [0.3])[0]
    torch.testing.assert_close(found, law.log_prob(items.double()), rtol=1e-5, atol=1e-4)


def test_several_samples_are_their_mixture_at_every_deviation():
    items, samples = noise(1203, 3), noise(11, 3, seed=1)
    for row, deviation in zip(parzen(items, samples, [0.2, 2.0]), [0.2, 2.0], strict=True):
        each = [parzen(items, one[None], [deviation])[0].exp() for one in samples]
        torch.testing.assert_close(row.exp(), torch.stack(each).mean(0), rtol=1e-3, atol=1e-9)


def test_items_far_from_0_keep_their_differences():
    items, samples = noise(50, 4), noise(60, 4, seed=1)
    near, far = parzen(items, samples, [0.5]), parzen(items + 100, samples + 100, [0.5])
    torch.testing.assert_close(near, far, rtol=1e-3, atol=1e-3)


def test_the_deviation_is_that_of_the_law_around_few_centres():
    centres = 10 * noise(5, 8)
    items = centres.repeat(200, 1) + 0.4 * noise(1000, 8, seed=1)
    found = best_deviation(items, centres, [0.1, 0.2, 0.4, 0.8])
    assert found == 0.4


def test_blurred_samples_beat_samples_of_the_law_itself():
    # why it is a poor measure: in 100 dimensions samples drawn too near to the mean score higher
    items, check, samples = (noise(500, 100, seed=seed) for seed in range(3))
    figures = []
    for drawn in (samples, 0.5 * samples):
        wide = best_deviation(check, drawn, [0.25 * k for k in range(1, 8)])
        figures.append(float(parzen(items, drawn, [wide]).mean()))
    truth = -50 * (1 + math.log(2 * math.pi))  # E log p(x) of the law
    assert figures[0] + 5 < figures[1] < truth + 1


def test_sets_that_do_not_belong_together_are_refused():
    with pytest.raises(UserError, match="Parzen"):
        parzen(noise(3, 2), noise(3, 4), [1.0])
    with pytest.raises(UserError, match="Parzen"):
        parzen(noise(3, 2), noise(0, 2), [1.0])
