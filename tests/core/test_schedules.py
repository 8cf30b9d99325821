"""Schedules of learning rates: their ends, their middle, and trainings of unknown length."""

from __future__ import annotations

import pytest

from liangyi.core.schedules import cosine, second_half


def test_both_end_at_zero_and_stay_there():
    # breaks when a training that goes on past its end learns at a negative rate
    for schedule in (second_half, cosine):
        assert schedule(0, 10) == 1
        assert schedule(10, 10) == pytest.approx(0) and schedule(15, 10) == pytest.approx(0)
        assert schedule(7, 0) == 1  # nobody has said how long


def test_they_fall_as_they_say():
    assert [second_half(step, 8) for step in (3, 4, 5, 6, 7)] == [1, 1, 0.75, 0.5, 0.25]
    assert cosine(5, 10) == pytest.approx(0.5)
