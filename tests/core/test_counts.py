"""Counts: one picture, two pictures, and how long something takes."""

from __future__ import annotations

import pytest

from liangyi.core.counts import duration, few, many


@pytest.mark.parametrize(
    ("count", "what", "said"),
    [
        (0, "sample", "0 samples"),
        (1, "sample", "1 sample"),
        (1500, "item", "1,500 items"),
        (1, "class", "1 class"),
        (2, "class", "2 classes"),
        (2, "query", "2 queries"),
        (2, "day", "2 days"),
        (2, "patch", "2 patches"),
        (2, "held-out item", "2 held-out items"),
    ],
)
def test_a_noun_agrees_with_its_count(count: int, what: str, said: str) -> None:
    assert many(count, what) == said


def test_what_is_left_out_is_counted() -> None:
    assert few(["a", "b", "c"]) == "a, b, c"
    assert few("abcde", 2) == "a, b and 3 more"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"), (40, "40 s"), (89.4, "89 s"), (90, "2 min"), (3599, "60 min"),
        (3600, "1 h"), (5400, "1 h 30 min"), (90_000, "1 d 1 h"),
    ],
)  # fmt: skip
def test_a_length_of_time(seconds: float, said: str) -> None:
    assert duration(seconds) == said
