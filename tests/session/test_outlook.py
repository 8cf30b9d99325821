"""Who begins a long training is told how long, and what would be quicker."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from liangyi import data
from liangyi.session import Session, Stepped, outlook
from liangyi.session.outlook import Outlook


@pytest.fixture
def clock(monkeypatch):
    """Let each look at the clock be two seconds after the one before."""
    ticks = itertools.count(step=2)
    monkeypatch.setattr(outlook.time, "monotonic", lambda: float(next(ticks)))


def run_of(small, tmp_path, **settings):
    here = dataclasses.replace(small("dcgan"), source=data.choose("digits", size=32))
    return here.run(tmp_path / "run", **settings)


def test_a_long_training_is_told_once_after_some_seconds(small, tmp_path, clock, monkeypatch):
    monkeypatch.setattr(outlook, "_half", lambda run, step: (16, 4.2))
    seen = Outlook(run_of(small, tmp_path, steps=6000))
    lines = {step: line for step in range(1, 40) if (line := seen.after(step))}
    # two steps are left out, three are timed: 8 s, 6 s behind them
    (at, line), *more = lines.items()
    assert not more and at == 5
    assert line == (
        "about 4 h 26 min on this machine, 2.7 s a step; --minutes 10 makes about 220 steps; "
        "--size 16 is about 4 times as fast"
    )


def test_a_short_one_is_not(small, tmp_path, clock):
    seen = Outlook(run_of(small, tmp_path, steps=200))
    assert not any(seen.after(step) for step in range(1, 200))


def test_half_the_size_is_timed_and_changes_nothing(small, tmp_path):
    # breaks when the trial moves the training's weights or random numbers
    weights = []
    for name, looks in (("a", False), ("b", True)):
        here = dataclasses.replace(small("dcgan"), source=data.choose("digits", size=32))
        run = here.run(tmp_path / name, steps=3)
        for event in Session(run):
            if looks and isinstance(event, Stepped) and event.step == 2:
                size, factor = outlook._half(run, 1.0)
                assert size == 16 and 1 < factor < 100_000
        weights.append({n: t.tolist() for n, t in run.newest(print).tensors.items()})
    assert weights[0] == weights[1]
    assert outlook._half(small("gan").run(tmp_path / "c"), 1.0) == (0, 0.0)  # 8 x 8 already
