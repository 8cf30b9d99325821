from __future__ import annotations

import math

import pytest
from liangyi.views.cards_html import html

from liangyi.metrics.card import Card
from liangyi.views.cards import table
from liangyi.views.ranking import BEST, CLOSE, MEANINGS, NO_ERROR, NO_MERIT, ranked, told


def card(
    value: float, away: float | None = 1.0, better: str = "lower", metric: str = "frechet"
) -> Card:
    error = None if away is None else away / 1.96
    return Card(metric=metric, value=value, better=better, error=error)  # type: ignore[arg-type]


def marks(*cards: Card) -> tuple[str, ...]:
    (row,) = ranked([[one] for one in cards], {})
    return row.marks


@pytest.mark.parametrize(
    ("cards", "expected"),
    [
        ([card(1), card(4)], (BEST, "")),
        ([card(4), card(1)], ("", BEST)),
        ([card(1, better="higher"), card(4, better="higher")], ("", BEST)),
        ([card(1), card(2.5), card(9)], (CLOSE, CLOSE, "")),
        ([card(1), card(1)], (CLOSE, CLOSE)),
        ([card(1, 0.0), card(1, 0.0)], (CLOSE, CLOSE)),  # a tie without any doubt is a tie
        # the second overlaps the third, the best overlaps none: the best is told
        ([card(1), card(4), card(5)], (BEST, "", "")),
        # the interval of the worst reaches over all others
        ([card(1, 0.5), card(4, 0.5), card(5, 9.0)], (CLOSE, "", CLOSE)),
        ([card(-90, better="higher"), card(-80, better="higher")], ("", BEST)),
    ],
)
def test_the_best_is_marked_where_its_interval_overlaps_no_other(
    cards: list[Card], expected: tuple[str, ...]
) -> None:
    # breaks when luck is sold as progress
    assert marks(*cards) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.9, 0.55), ("", BEST)),
        ((0.9, 0.45), ("", BEST)),  # below one half is as far off as above
        ((0.3, 0.1), (BEST, "")),  # the highest is no merit, nor is the lowest
        ((0.48, 0.53), (CLOSE, CLOSE)),
        ((0.40, 0.60), (CLOSE, CLOSE)),  # equally far, though their intervals lie apart
    ],
)
def test_a_judge_shall_be_right_half_the_time(
    values: tuple[float, float], expected: tuple[str, ...]
) -> None:
    assert marks(*(card(value, 0.04, "half") for value in values)) == expected


def test_an_interval_around_one_half_holds_no_distance_at_all() -> None:
    # breaks when the ends of 0.51 ± 0.2 are turned one by one: then it were 0.19 off at least
    assert marks(card(0.51, 0.2, "half"), card(0.5, 0.001, "half")) == (CLOSE, CLOSE)


def test_refused_metrics_are_shown_unranked_with_their_reason() -> None:
    (row,) = ranked([[card(1)], [card(9)]], {"frechet": "other data: a and b"})
    assert row.marks == ("", "") and row.reason == "other data: a and b"
    assert told([row]) == ["not ranked (other data: a and b): frechet"]


def test_what_is_no_merit_either_way_is_shown_unranked() -> None:
    # breaks when a VAE whose code collapsed is the best at its KL term
    (row,) = ranked([[card(0, 0.1, "none")], [card(25, 0.1, "none")]], {})
    assert row.marks == ("", "") and row.reason == NO_MERIT
    assert len(table([card(0, 0.1, "none")])) and html([card(0, 0.1, "none")])


def test_without_an_error_nothing_is_best() -> None:
    for unknown in (card(9, None), card(9, math.nan)):
        (row,) = ranked([[card(1)], [unknown]], {})
        assert row.marks == ("", "") and row.reason == NO_ERROR


def test_a_failure_is_neither_ranked_nor_in_the_way() -> None:
    assert marks(card(math.nan), card(1), card(4)) == ("", BEST, "")
    assert marks(card(-math.inf), card(1), card(4)) == ("", BEST, "")
    assert marks(card(math.nan), card(1)) == ("", "")  # best of one is no news


def test_a_lone_run_is_not_best() -> None:
    assert marks(card(1)) == ("",)
    rows = ranked([[card(1), card(2, metric="own")], [card(9)]], {})
    assert [row.marks for row in rows] == [(BEST, ""), ("", "")]
    assert rows[1].cards[1] is None and told(rows) == [MEANINGS[BEST]]


def test_metrics_keep_the_order_in_which_they_were_measured() -> None:
    first = [card(1, metric=name) for name in ("frechet", "kernel")]
    second = [card(1, metric=name) for name in ("recall", "kernel")]
    rows = ranked([first, second], {})
    assert [row.metric for row in rows] == ["frechet", "kernel", "recall"]


def test_metrics_with_one_reason_share_a_line() -> None:
    # breaks when a comparison of ten metrics explains itself in ten lines
    own = [card(1, metric=name) for name in "abc"]
    assert told(ranked([own, own], {"a": "why", "c": "why"})) == [
        MEANINGS[CLOSE],
        "not ranked (why): a, c",
    ]
    assert told(ranked([own, own], dict.fromkeys("abc", "why"))) == ["not ranked (why): all"]
    assert told([]) == []
