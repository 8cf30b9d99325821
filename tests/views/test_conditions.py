from __future__ import annotations

from typing import Any

from liangyi.metrics.card import Card
from liangyi.views.conditions import conditions, conditions_of_runs


def card(metric: str = "frechet", **changes: Any) -> Card:
    facts: dict[str, Any] = {
        "data": "digits ee77", "split": "train", "real": 5000, "generated": 5000,
        "features": "cnn bba9", "step": 1500,
    }  # fmt: skip
    return Card(metric=metric, value=1.0, better="lower", **(facts | changes))


COMMON = (
    "data digits ee77 · split train · 5,000 real · 5,000 generated · features cnn bba9 · "
    "seed 0 · step 1,500"
)


def test_what_is_common_is_said_once() -> None:
    cards = [card("frechet"), card("kernel")]
    assert conditions([(one.metric, one) for one in cards]) == [COMMON]
    assert conditions([("a", card(resize="bicubic"))]) == [
        COMMON.replace(" · seed", " · resize bicubic · seed")
    ]
    assert conditions([]) == []


def test_what_is_not_known_is_not_said_but_a_seed_of_zero_is() -> None:
    assert conditions([("a", Card(metric="a", value=1.0, better="lower"))]) == ["seed 0 · step 0"]


def test_the_exception_is_named_and_the_rest_is_else() -> None:
    # breaks when a reader cannot tell which metric was measured on what
    cards = [card("frechet"), card("kernel"), card("memorised", features="pixels", real=0)]
    assert conditions([(one.metric, one) for one in cards])[1:] == [
        "real: none for memorised; else 5,000",
        "features: pixels for memorised; else cnn bba9",
    ]


def test_each_is_named_where_no_two_are_alike() -> None:
    lines = conditions_of_runs(["a", "b"], [[card(step=100)], [card(step=200)]])
    assert lines[1:] == ["step: 100 for a; 200 for b"]
    runs = [[card(step=step)] for step in (100, 100, 200)]
    assert conditions_of_runs(["a", "b", "c"], runs)[1:] == ["step: 200 for c; else 100"]


def test_metrics_that_differ_alike_in_all_runs_are_no_difference_between_runs() -> None:
    # breaks when a comparison drowns in what every score of every run has
    own = [card("frechet"), card("memorised", features="pixels")]
    assert not any(line.startswith("features") for line in conditions_of_runs("ab", [own, own]))


def test_only_metrics_that_differ_between_runs_say_how() -> None:
    # breaks when a run is listed with two numbers of real items, one of which is everyone's
    few = [card("frechet", real=400), card("memorised", real=1500)]
    many = [card("frechet", real=750), card("memorised", real=1500)]
    lines = conditions_of_runs(["a", "b"], [few, many])
    assert "real: 400 for a; 750 for b" in lines and "1,500 for" not in " ".join(lines)
    assert conditions_of_runs([], []) == [] and conditions_of_runs(["a"], [[]]) == []
