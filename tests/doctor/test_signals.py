"""Live signals: looking changes nothing, and each signal says what it should."""

from __future__ import annotations

import pytest
import torch

from conftest import follow, same, weights_of
from liangyi.core import registry
from liangyi.core.model import evaluating, verb
from liangyi.doctor.signals import Reference, judgements, signals

MODELS = [name for name in registry.names() if name != "deep-dream"]


def look(small, name):
    here = small(name)
    model, train = here.build(), here.source.split("train")
    return model, Reference.of(model, train, here.source.split("test"))


@pytest.mark.parametrize("name", MODELS)
def test_looking_changes_nothing(name, small):
    # breaks when a look trains batch statistics, leaves a mode changed, or advances the dice
    model, real = look(small, name)
    model.train()
    before, state = weights_of(model), torch.get_rng_state()
    modes = [module.training for module in model.modules()]  # what is borrowed never trains
    assert model.training
    first, second = signals(model, model, real), signals(model, model, real)
    assert first == second
    assert same(before, weights_of(model)) and torch.equal(state, torch.get_rng_state())
    assert modes == [module.training for module in model.modules()]


@pytest.mark.parametrize("name", ["gan", "acgan", "wgan-gp", "r3gan"])
def test_the_adversary_is_asked_about_held_out_items_too(name, small):
    model, real = look(small, name)
    found = signals(model, model, real)
    assert {"signal/real_accuracy", "signal/held_out_accuracy", "signal/gap"} <= found.keys()
    assert ("signal/as_asked" in found) == (name == "acgan")


def test_a_critic_has_no_zero(small):
    # breaks when a critic's values are compared with 0: a constant added to it would change all
    model, real = look(small, "wgan-gp")
    with evaluating(model):
        drawn = model.generated(64)
    before = judgements(model, drawn, real)
    with torch.no_grad():
        model.critic[-1].bias += 100
    after = judgements(model, drawn, real)
    assert before == pytest.approx(after, abs=1e-3)


def test_the_log_has_signals_at_their_interval(small, tmp_path):
    run = small("gan").run(tmp_path / "run", steps=7, examine_every=3, log_every=1)
    for _ in follow(run):
        pass
    steps = [line["step"] for line in run.lines() if "signal/energy" in line]
    assert steps == [3, 6, 7]  # and at the end
    moved = [line["step"] for line in run.lines() if "signal/generator_update" in line]
    assert moved == steps


def test_signals_may_be_left_out(small, tmp_path):
    run = small("gan").run(tmp_path / "run", examine_every=0)
    for _ in follow(run):
        pass
    assert not any(name.startswith("signal/") for line in run.lines() for name in line)


def test_moves_are_measured_relative_to_the_weights(small):
    # plain gradient descent: the move is the rate times the gradient
    trainer = small("mnist-mlp").trainer(steps=1, examine_every=1)
    length = torch.cat([p.detach().flatten() for p in trainer.model.parameters()]).norm()
    report = trainer.advance().read()
    rate = trainer.model.config.learning_rate
    wanted = rate * report["signal/model_gradient"] / float(length)
    assert report["signal/model_update"] == pytest.approx(wanted, rel=1e-3)


def test_a_discriminator_that_cannot_tell_is_right_half_the_time(small):
    # breaks when ties count as losses: the generator would have won
    model, real = look(small, "gan")
    with torch.no_grad():
        for weight in model.discriminator.parameters():
            weight.zero_()
    assert signals(model, model, real)["signal/auc"] == 0.5


def test_one_held_out_item_ends_no_training(small):
    # breaks when the adversary's batch statistics are asked of it
    here = small("bigan")
    data, model = here.source.split("train"), here.build()
    real = Reference.of(model, data, data.part(data.subset(1), "one"))
    assert "signal/held_out_accuracy" not in signals(model, model, real)


def test_the_mean_explains_nothing_and_the_item_itself_all(small, monkeypatch):
    model, real = look(small, "autoencoder")
    held = real.held_out.image

    def explained(change) -> float:
        monkeypatch.setattr(type(model), "reconstruct", verb(lambda self, image: change(image)))
        return signals(model, model, real)["signal/explained"]

    assert explained(lambda image: image) == 1
    assert explained(lambda image: held.mean(0).expand_as(image)) == pytest.approx(0, abs=1e-5)
    assert explained(lambda image: -image) < 0
