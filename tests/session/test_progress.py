"""The line that a person watches: what must be there fits into every terminal."""

from __future__ import annotations

from typing import Any

import pytest

from liangyi.session import progress
from liangyi.session.progress import line_of, track

METRICS = {"discriminator": 0.88213, "signal/drift": 0.1, "generator": 1.2}


@pytest.mark.parametrize("width", (60, 80, 120))
@pytest.mark.parametrize("name", ("w80", "dcgan-mnist-stacked-mnist-12"))
def test_steps_share_time_and_speed_are_there_in_full(width: int, name: str) -> None:
    # breaks when columns are squeezed by the terminal, as rich's own are: 499/6… 0:00:…
    line = line_of(width, name, 49_999, 60_000, 123_456.7, 4_321.0, METRICS)
    assert len(line) <= width
    for part in ("49,999/60,000", " 83%", "1:12:01 left", "123,457 items/s", name[:3]):
        assert part in line


def test_metrics_get_what_is_left_whole_or_not_at_all() -> None:
    # breaks when a metric is cut in its middle, or signals push the losses out
    narrow, wide = (line_of(w, "gan-ring-1", 5, 600, 900.0, 9.0, METRICS) for w in (80, 120))
    assert narrow.endswith("discriminator 0.882")
    assert wide.endswith("discriminator 0.882  generator 1.2")


def test_what_is_not_known_yet_is_said_so() -> None:
    assert line_of(60, "a", 0, 10, 0.0, None, {}) == "a  0/10    0%  -:--:-- left  - items/s"


def test_tracked_steps_come_through() -> None:
    assert list(track(iter("abc"), 3, "work")) == ["a", "b", "c"]


def test_what_work_will_take_is_said_early_and_then_how_far_it_is(monkeypatch: Any) -> None:
    # breaks when somebody waits ten minutes before a word of how long
    told: list[str] = []
    clock = iter([0.0, *range(100, 1000, 4)])  # the first step takes 100 s, the others 4
    monkeypatch.setattr(progress, "say", told.append)
    monkeypatch.setattr(progress, "_now", lambda: next(clock))
    assert len(list(track(range(20), 20, "evaluator"))) == 20
    assert told[0] == "evaluator: 2 of 20, 72 s to go"
    assert "evaluator: about 36 s" in told and told[-1] == "evaluator: 18 of 20, 8 s to go"
