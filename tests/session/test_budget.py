"""A budget in minutes becomes plain steps, and the training is one of steps like any other."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from conftest import QUICK, same
from liangyi import api, data
from liangyi.core import registry
from liangyi.core.errors import UserError
from liangyi.session import budget

COSTS = budget._Costs(start=2.0, step=0.25, examine=0.5, show=0.5, validate=0.5, save=0.25, end=1.0)
TINY = {"generator_widths": (16,), "discriminator_widths": (16,), "latent": 8, "batch_size": 8,
        "device": "cpu", "precision": "float32"}  # fmt: skip


@pytest.fixture
def costs(monkeypatch):
    monkeypatch.setattr(budget, "_measured", lambda *_: COSTS)


def gan(minutes, tell=lambda line: None, **settings):
    kind = registry.find("gan")
    training = dataclasses.replace(kind.recipe, **settings)
    return budget.fitted(kind, kind.Config(), data.choose("digits"), training, minutes, tell)


@pytest.mark.parametrize("minutes", [0.1, 0.5, 1, 60])
def test_the_most_steps_that_fit_with_their_looks(costs, minutes):
    _, training = gan(minutes)
    most = dataclasses.replace(training, steps=training.steps + 1)
    # the clock has run a little since it began
    assert COSTS.seconds(training) <= 60 * minutes <= COSTS.seconds(most) + 0.8
    assert training.epochs is None and training.total(1500) == training.steps


def test_looks_at_a_short_training_come_more_often_but_cost_little(costs):
    _, short = gan(2)
    assert short.sample_every == short.examine_every < 250
    _, long = gan(600)
    assert (long.sample_every, long.checkpoint_every, long.log_every) == (250, 500, 50)
    _, own = gan(2, sample_every=240)  # who says a pace gets it
    assert own.sample_every == 240
    bare = dataclasses.replace(short, sample_every=10**9, examine_every=0, checkpoint_every=10**9)
    assert COSTS.seconds(short) - COSTS.seconds(bare) <= 0.06 * 120


def test_the_run_is_that_of_as_many_steps_bit_for_bit(costs, tmp_path, capsys):
    # breaks when anything but the settings in config.json is left of the minutes
    first = api.train("gan", "digits", tmp_path / "a", minutes=0.1, progress=False, **TINY)
    plain = json.loads((first.path / "config.json").read_text())
    assert "minutes" not in str(plain) and plain["training"]["steps"] == first.made > 3
    steps = plain["training"]["steps"]
    other = api.train("gan", "digits", tmp_path / "b", steps=steps, progress=False, **TINY)
    one, two = (dict(run.newest(print).tensors) for run in (first, other))
    assert same(one, two)


def test_what_counts_steps_in_a_model_is_fitted_and_told(costs):
    told = []
    kind = registry.find("seqgan")
    config, training = budget.fitted(
        kind, kind.Config(), data.choose("oracle"), kind.recipe, 10, told.append
    )
    share = training.steps / kind.recipe.steps
    assert config.likelihood_steps == round(18_720 * share)
    assert config.pretrain_steps == round(600 * share)
    (line,) = told
    assert line == (
        f"{training.steps:,} steps in 10 min, 4 steps/s; the same again: --steps {training.steps} "
        f"--likelihood-steps {config.likelihood_steps} --pretrain-steps {config.pretrain_steps}"
    )
    falls = registry.find("r3gan")
    assert falls.fitted(falls.Config(decay_steps=6000), 77).decay_steps == 77
    assert falls.fitted(falls.Config(), 77).decay_steps == 0  # a rate that stays stays


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"steps": 5}, "leave steps out"),
        ({"epochs": 2.0}, "leave epochs out"),
        ({"devices": 2}, "measured by one process"),
    ],
)
def test_minutes_beside_steps_or_processes_are_one_line(costs, tmp_path, settings, reason):
    with pytest.raises(UserError, match=reason) as told:
        api.train("gan", "digits", tmp_path / "run", minutes=1, progress=False, **settings)
    assert told.value.setting == "minutes" and not (tmp_path / "run").exists()


@pytest.mark.parametrize("minutes", [0, -1, math.nan, math.inf])
def test_minutes_must_be_a_time(costs, minutes):
    with pytest.raises(UserError, match="greater than 0"):
        gan(minutes)


def test_too_few_minutes_say_what_a_step_takes(costs):
    with pytest.raises(UserError, match=r"0.05 are too few: one step, with all around it, takes 5"):
        gan(0.05)


@pytest.mark.parametrize("name", ["gan", "seqgan", "vae"])
def test_measuring_sees_every_part_and_leaves_no_trace(small, name, tmp_path, monkeypatch):
    # breaks when the run that is measured stays
    monkeypatch.chdir(tmp_path)
    here, training = small(name), dataclasses.replace(QUICK, steps=9)
    found = budget._measured(here.kind, here.config, here.source, training, budget=5.0)
    assert not list(tmp_path.iterdir())
    wanted = {"start", "step", "examine", "show", "save", "end"}
    wanted |= set() if name == "seqgan" else {"validate"}
    times = dataclasses.asdict(found)
    assert all(0 < times[part] < 60 for part in wanted), times
    assert found.end >= 0.5 * found.show


def test_all_stages_of_a_model_have_their_share(small, monkeypatch):
    # breaks when the first steps stand for all: those of seqgan's game take many times as long
    kind, seen = registry.find("seqgan"), []
    here = small("seqgan", likelihood_steps=8000, pretrain_steps=4000)
    updates = kind.updates

    def watched(self, batch, step):
        seen.append(next(n for n, first in reversed([*enumerate(self.stages)]) if step >= first))
        yield from updates(self, batch, step)

    monkeypatch.setattr(kind, "updates", watched)
    split = here.source.split()
    trainer, _ = budget._steps(kind, here.config, split, dataclasses.replace(QUICK), 0.5)
    last = seen[-trainer.total :]
    assert last.count(0) / len(last) == pytest.approx(8000 / kind.recipe.steps, abs=0.1)
    assert last.count(1) / len(last) == pytest.approx(4000 / kind.recipe.steps, abs=0.1)
    assert {2, 3} <= set(last)
