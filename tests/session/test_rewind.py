"""A training that diverges: told, or taken back to a healthy checkpoint at half the rate."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from conftest import QUICK, follow
from liangyi import data
from liangyi.core import registry
from liangyi.core.config import Config
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update
from liangyi.doctor.diagnosis import diagnose
from liangyi.session import Rewound, Session, Stepped, create
from liangyi.training.trainer import TrainingFailed


class Valley(Model):
    """w^2 by gradient descent: each step multiplies w by 1 - 2 rate, so a rate above 1 explodes."""

    def networks(self):
        self.w = nn.Parameter(torch.ones(()))

    def optimizer(self, player, weights):
        return torch.optim.SGD(weights, lr=3.0)

    def updates(self, batch, step):
        loss = self.w.square()
        yield Update(self.w, loss, loss=loss)


@pytest.fixture
def valley(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_models", dict(registry._models))
    kind = registry.register("valley")(Valley)

    def make(**settings):
        training = dataclasses.replace(
            QUICK, steps=150, checkpoint_every=10, average=0.0, **settings
        )
        return create(kind, Config(), data.choose("digits"), training, tmp_path / "run")

    return make


def test_a_divergence_is_in_the_log_and_the_diagnosis(valley):
    run = valley()
    with pytest.raises(TrainingFailed):
        list(follow(run))
    assert run.lines()[-1]["signal/finite"] == 0
    (verdict,) = diagnose(run)
    assert verdict.name == "diverging"
    assert "rewind" in [advice.setting for advice in verdict.advice]
    assert (run.path / "report.html").exists()


def test_rewinding_halves_the_rate_until_it_holds(valley):
    # 3 and 1.5 explode, 0.75 does not
    run = valley(rewind=3)
    events = list(Session(run))
    report = [event.report for event in events if isinstance(event, Stepped)][-1]
    rewinds = [line for line in run.lines() if "rewound_from" in line]
    assert [line["learning_rate_factor"] for line in rewinds][-1] == 0.25
    assert report.step == 150 and abs(report.read()["loss"]) < 1e-6
    told = [event for event in events if isinstance(event, Rewound)]
    assert [event.factor for event in told] == [line["learning_rate_factor"] for line in rewinds]
    assert all(event.step < event.failed_at for event in told), told
    assert all("loss of w became inf" in event.reason for event in told), told
    assert all(line["step"] <= 150 for line in run.lines())


def test_a_resumed_training_stays_slow(valley):
    run = valley(rewind=3)
    made = 0
    while made < 149:
        *_, report = follow(run, stop=lambda: True)
        made = report.step
    found = run.newest(print)
    assert found.plain["slowed"] == 0.25


def test_it_is_given_up_when_no_rewind_is_left(valley):
    run = valley(rewind=1)
    with pytest.raises(TrainingFailed):
        list(follow(run))
    assert sum("rewound_from" in line for line in run.lines()) == 1


def test_several_processes_do_not_rewind(valley):
    with pytest.raises(UserError, match="single process") as told:
        valley(rewind=1, devices=2)
    assert told.value.setting == "rewind"
