"""Rewards that know nothing: what they teach on average, and what by Adam."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.core.batch import Tokens
from liangyi.lab import rewards
from liangyi.lab.experiment import Terms, Work
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    terms = Terms(seeds=1, quick=True)
    return Work(terms, tmp_path_factory.mktemp("rewards"), lambda line: None)


def test_a_constant_reward_has_no_expected_gradient(work):
    # breaks when anything but the score function's mean, which is zero, is in the loss
    model = build(rewards.ConstantReward, rewards.QUICK.config, _spec(), 0)
    batch = Tokens(torch.zeros(64, 5, dtype=torch.long))
    torch.manual_seed(0)
    seen = []
    for _ in range(300):
        (update,) = model.updates(batch, 0)
        (slope,) = torch.autograd.grad(update.loss, [model.generator.output.bias])
        seen.append(slope)
    mean, error = torch.stack(seen).mean(0), torch.stack(seen).std(0) / 300**0.5
    assert float((mean / error).abs().max()) < 4


def test_adam_makes_what_is_written_likelier_where_every_word_earns_the_same():
    # breaks when the game is not Adam's, or gradient descent drifts as well
    by_adam, by_descent = (
        _sharpened(kind) for kind in (rewards.ConstantReward, rewards.ConstantRewardDescent)
    )
    assert by_adam > 0.08 and abs(by_descent) < by_adam / 2, (by_adam, by_descent)


def _sharpened(kind):
    """Return by how many nats a word an uneven law of 1,000 words becomes likelier in a game."""
    source = rewards.choose("oracle", vocabulary=1000, length=5)
    model = build(kind, rewards.QUICK.config, source.spec(), 0)
    with torch.no_grad():
        model.generator.output.bias.copy_(torch.linspace(-3, 3, 1000))
    stream = rewards.Batches(source.split("train"), model.Batch, 16, 0, "cpu", model.image_range)
    training = rewards.replace(rewards.SeqGAN.recipe, steps=60, batch_size=16, device="cpu")
    before = _entropy(model)
    for _ in Trainer(model, stream, training).run():
        pass
    return before - _entropy(model)


def test_all_games_begin_with_the_generator_that_learned_by_likelihood(work):
    cold = rewards.tempered(work, rewards.QUICK, 0)
    first = [rewards.played(work, rewards.QUICK, game, 0)[0] for game in rewards.GAMES]
    assert all(one == cold[0] for one in first)
    # at a lower temperature, what is written is likelier under the law, and less various
    assert cold[-1]["oracle_nll"] < cold[0]["oracle_nll"]
    assert cold[-1]["entropy"] < cold[0]["entropy"]


@pytest.mark.parametrize("rounds", [1, 7])
def test_no_round_is_looked_at_twice(work, monkeypatch, rounds):
    # breaks when a short game is looked at before its first round again
    few = rewards.replace(rewards.QUICK, rounds=rounds)
    monkeypatch.setattr(
        rewards, "likelihood", lambda *_: build(rewards.SeqGAN, few.config, _spec(), 0)
    )
    lengths = {len(rewards.played(work, few, game, 0)) for game in rewards.GAMES}
    assert lengths == {1 + min(rounds, 6)}


def test_a_game_whose_loss_is_no_number_has_no_figures_and_ends_nothing(work, monkeypatch):
    # breaks when one game of one seed takes all others with it
    def broken(self, batch, step):
        raise rewards.TrainingFailed("no number")
        yield

    monkeypatch.setattr(rewards.ConstantReward, "updates", broken)
    points = rewards.played(work, rewards.QUICK, "constant", 0)
    assert len(points) == 7 and math.isnan(points[-1]["oracle_nll"])
    assert not math.isnan(points[0]["oracle_nll"])


def test_the_table_has_a_row_for_each_temperature_and_each_game(work):
    outcome = rewards.run.run(work)
    assert len(outcome.rows) == len(rewards.TEMPERATURES) + len(rewards.GAMES)
    assert all(game in outcome.seen for game in rewards.GAMES)


def _spec():
    return rewards.choose("oracle", **rewards.QUICK.data).spec()


@torch.no_grad()
def _entropy(model):
    torch.manual_seed(0)
    written = model.generator.write(2000, 5)
    return float(model.nats(written, model.generator(written)))
