"""Bounds on the likelihood where the likelihood is known, and what the code uses."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal

from liangyi.core.batch import Images
from liangyi.metrics.bounds import active_units, bits_per_value, importance_weighted


def test_one_draw_is_the_evidence_lower_bound_and_more_are_their_mean_weight():
    weights = torch.tensor([[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]])
    torch.testing.assert_close(importance_weighted(weights[:1].log()), weights[0].log())
    # breaks when logarithms are averaged: that would be log 15 / 3
    found = importance_weighted(weights.log())
    torch.testing.assert_close(found, torch.tensor([3.0, 2.0]).log())


def test_weights_too_small_and_too_large_for_numbers_are_no_trouble():
    # breaks when weights leave the logarithm: exp(-100,000) is 0, and its logarithm -inf
    for level in (-1e5, 1e4):
        weights = torch.tensor([[level], [level + math.log(3)]], dtype=torch.float64)
        found = importance_weighted(weights)
        assert found.item() == pytest.approx(level + math.log(2), abs=1e-9)


def test_a_model_whose_likelihood_is_known():
    # z ~ N(0, 1), x ~ N(z, 1): x ~ N(0, 2), and N(x / 2, 1 / 2) is the exact posterior
    dice = torch.Generator().manual_seed(0)
    x = torch.tensor([-1.0, 0.3, 4.0]).double()
    wanted = Normal(0.0, math.sqrt(2)).log_prob(x)

    def found(posterior: Normal, draws: int) -> torch.Tensor:
        z = posterior.mean + posterior.stddev * torch.randn(
            draws, 3, generator=dice, dtype=torch.float64
        )
        joint = Normal(0.0, 1.0).log_prob(z) + Normal(z, 1.0).log_prob(x)
        return importance_weighted(joint - posterior.log_prob(z))

    # with the exact posterior each weight is p(x): one draw is enough
    torch.testing.assert_close(found(Normal(x / 2, math.sqrt(0.5)), 1), wanted)
    # with another one the bound rises to it, and a single draw stays below
    wrong = Normal(x / 3, torch.ones(3).double())
    assert (found(wrong, 100_000) - wanted).abs().max() < 0.02
    lower = torch.stack([found(wrong, 1) for _ in range(2000)]).mean(0)
    middle = torch.stack([found(wrong, 5) for _ in range(2000)]).mean(0)
    assert (lower < middle).all() and (middle < wanted + 0.01).all()


def tiny(small, latent: int = 1):
    """Return a VAE with lively weights, and some pictures of 0, 1 and grey."""
    model = small("vae", latent=latent).build()
    dice = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(0.2 * torch.randn(weight.shape, generator=dice))
    return model, Images(torch.rand(5, *model.spec.shape, generator=dice).round(decimals=1))


def test_the_vae_s_bound_rises_to_the_likelihood(small):
    # p(x) = the integral of p(x | z) N(z) over one dimension, here by the trapezium rule
    model, batch = tiny(small)
    grid = torch.linspace(-8, 8, 4001)[:, None]
    with torch.no_grad():
        logits = model.decoder(grid).flatten(1)
        image = batch.image.flatten(1)[:, None]
        law = Bernoulli(logits=logits, validate_args=False)
        joint = law.log_prob(image).sum(2) + Normal(0.0, 1.0).log_prob(grid[:, 0])
    wanted = joint.double().logsumexp(1) + math.log(16 / 4000)
    many = model.bound(batch, draws=4000)
    assert many.shape == (5,)
    assert (many - wanted).abs().max() < 0.1
    few = torch.stack([model.bound(batch, draws=1, seed=seed) for seed in range(300)]).mean(0)
    assert (few < wanted).all()
    some = torch.stack([model.bound(batch, draws=10, seed=seed) for seed in range(300)]).mean(0)
    assert (few < some).all() and (some < wanted + 0.1).all()


def test_one_draw_of_the_vae_s_bound_is_its_evidence_lower_bound_on_average(small):
    # breaks when a term is averaged over pixels, or the wrong variance is used
    model, batch = tiny(small, latent=3)
    seeds = range(400)
    one = torch.stack([model.bound(batch, draws=1, seed=seed).mean() for seed in seeds])
    other = torch.stack([model.evaluate(batch, seed=seed)["bernoulli_bound"] for seed in seeds])
    error = math.hypot(float(one.std()), float(other.std())) / len(seeds) ** 0.5
    assert float(one.mean()) == pytest.approx(float(other.mean()), abs=4 * error)


def test_the_vae_s_bound_of_a_decoder_that_ignores_the_code_is_exact(small):
    # one draw has every weight p(x) when q(z | x) = p(z): any slip in the ratio shows
    model, batch = tiny(small, latent=3)
    with torch.no_grad():
        for weight in [*list(model.encoder.parameters())[-2:], next(model.decoder.parameters())]:
            weight.zero_()
        logits = model.decoder(torch.zeros(1, 3))
        law = Bernoulli(logits=logits, validate_args=False)
        wanted = law.log_prob(batch.image).flatten(1).sum(1)
    torch.testing.assert_close(model.bound(batch, draws=1), wanted, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(model.bound(batch, draws=7), wanted, rtol=1e-5, atol=1e-4)


def test_units_are_active_when_their_mean_moves():
    # variances 0, 0.0025, 0.04 and 1; the level of the mean does not count
    wave = torch.tensor([-1.0, 1.0]).repeat(50)[:, None]
    means = wave * torch.tensor([0.0, 0.05, 0.2, 1.0]) + torch.tensor([9.0, 9.0, 9.0, 0.0])
    assert active_units(means) == 2
    assert active_units(means, threshold=0.001) == 3
    assert active_units(means, threshold=2) == 0
    assert active_units(means[:1]) == 0


def test_bits_of_a_picture_that_nothing_is_known_of():
    # 256 equally likely levels for each of 3072 values are 8 bits each
    assert bits_per_value(3072 * math.log(256), (3, 32, 32)) == pytest.approx(8)
    assert bits_per_value(math.log(2), (1,)) == pytest.approx(1)
