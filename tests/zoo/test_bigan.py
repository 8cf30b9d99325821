"""BiGAN: pairs are judged, both losses see the same weights, and each moves its own player."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from conftest import batch_of
from liangyi.zoo.codes.bigan import Coded


@pytest.fixture
def here(small: Any) -> Any:
    return small("bigan")


def test_all_players_move_at_once_and_the_encoder_with_the_generator(here):
    model = here.build()
    (both,) = model.updates(batch_of(here), 0)
    critic, pair = both
    assert critic.player is model.discriminator
    assert pair.player == (model.encoder, model.generator)


def test_at_a_half_both_lose_2_ln_2_and_else_the_labels_are_exchanged(here):
    model, batch = here.build(), batch_of(here)
    last = model.discriminator.joined[-1]
    for bias in (0.0, 3.0):
        with torch.no_grad():
            last.weight.zero_(), last.bias.fill_(bias)
        ((one, other),) = model.updates(batch, 0)
        wanted = math.log1p(math.exp(-bias)) + math.log1p(math.exp(bias))
        assert float(one.loss.detach()) == pytest.approx(wanted, rel=1e-5)
        assert float(other.loss.detach()) == pytest.approx(wanted, rel=1e-5)
    # judged by the picture alone: who gains by real ones loses by generated ones
    ((one, other),) = here.build().updates(batch, 0)
    assert float(one.loss.detach()) != pytest.approx(float(other.loss.detach()), rel=1e-4)


def test_the_encoder_learns_from_real_pairs_and_the_generator_from_generated_ones(here):
    model, batch = here.build(), batch_of(here)
    real, fake = model.judgement(batch), model.judgement(model.generated(6))
    for logits, own, other in ((real, model.encoder, model.generator),
                               (fake, model.generator, model.encoder)):  # fmt: skip
        pulls = [
            torch.autograd.grad(logits.square().sum(), list(player.parameters()),
                                retain_graph=True, allow_unused=True)
            for player in (own, other)
        ]  # fmt: skip
        assert all(one is not None and one.abs().sum() > 0 for one in pulls[0])
        assert all(one is None for one in pulls[1])


def test_the_discriminator_judges_the_code_too(here):
    # breaks when it sees the picture alone: then nothing makes E the inverse of G
    model, image = here.build().eval(), batch_of(here).image
    with torch.no_grad():
        one, two = (model.judgement(Coded(image, code)) for code in (model.noise(6),) * 2)
        other = model.judgement(Coded(image, model.noise(6)))
        own = model.judgement(Coded(image, model.encoder(image)))
        assert torch.equal(own, model.judgement(batch_of(here)))
    assert torch.equal(one, two) and (one != other).all()


def test_a_perfect_pair_reconstructs_and_the_ratio_says_so(here, monkeypatch):
    model, batch = here.build(), batch_of(here)
    found = model.evaluate(batch)
    again = model.reconstruct(batch.image)
    distance = (again - batch.image).flatten(1).norm(dim=1).mean()
    assert float(found["reconstruction_distance"]) == pytest.approx(float(distance), rel=1e-5)
    monkeypatch.setattr(model, "generate", lambda code: batch.image)
    perfect = model.evaluate(batch)
    assert float(perfect["reconstruction_distance"]) == float(perfect["reconstruction_ratio"]) == 0
    # one grey picture for all: nothing of the one that went in is left
    monkeypatch.setattr(model, "generate", lambda code: torch.full_like(batch.image, 0.3))
    assert float(model.evaluate(batch)["reconstruction_ratio"]) == pytest.approx(1)


def test_features_are_those_before_the_code(here):
    model, image = here.build(), batch_of(here).image
    features = model.embed(image)
    assert features.shape == (6, 32)
    with torch.no_grad():
        torch.testing.assert_close(model.encoder[-1](features), model.encode(image))
