from __future__ import annotations

import math
import re
from importlib import resources
from typing import Any

import pytest

from liangyi.metrics.card import Card
from liangyi.views.intervals import COLOURS, DASHES, Bar, Scale, looks, scale

from .reading import card


def laid(*cards: Card | None) -> Scale:
    found = scale(cards)
    assert found is not None
    return found


def test_places_are_in_proportion_on_a_scale_from_zero() -> None:
    # breaks when a bar or a floor is drawn on another scale than its dot
    found = laid(card(value=5.0, error=5 / 1.96, floor=2.5))
    assert found == Scale("frechet 5", 0.0, [25.0], [Bar(0, 50.0, 0.0, 100.0)], 1)


def test_negative_floors_and_values_have_room_and_zero_its_notch() -> None:
    found = laid(card(value=1.0, error=0.0, floor=-1.0))
    assert (found.floors, found.zero) == ([0.0], 50.0)
    bound = laid(card(value=-90.0, floor=-80.0, error=1.0, better="higher"))
    assert bound.zero is None  # zero is far away and says nothing


def test_shares_are_drawn_up_to_one() -> None:
    (share,) = laid(card(value=0.5, better="higher", error=None, floor=None)).bars
    (distance,) = laid(card(value=0.5, better="lower", error=None, floor=None)).bars
    assert share.value == 50.0 and distance.value == 100.0


@pytest.mark.parametrize("count", range(1, 9))
def test_everything_stays_inside(count: int) -> None:
    found = laid(*(card(value=10.0**n, error=10.0 ** (n - 1)) for n in range(count)))
    assert [bar.place for bar in found.bars] == list(range(count)) and found.count == count
    for bar in found.bars:
        assert 0 <= bar.low <= bar.value <= bar.high <= 100


def test_a_run_keeps_its_place_though_others_are_missing() -> None:
    # breaks when the second run is drawn in the colour of the first, which was not scored
    assert laid(None, card()).bars == laid(card(), card()).bars[1:]
    assert laid(None, card()).count == 2


def test_colours_are_those_of_the_page_and_beyond_them_dashes() -> None:
    static = resources.files("liangyi.views") / "static"
    css = (static / "page.css").read_text(encoding="utf-8")
    for number in range(COLOURS):
        assert css.count(f"--colour{number}: #") == 2  # light and dark
        assert f".colour{number} {{ color: var(--colour{number}); }}" in css
    assert f"--colour{COLOURS}" not in css
    (dashes,) = re.findall(r"DASHES = \[(.*)\];", (static / "charts.js").read_text("utf-8"))
    assert dashes.count("[") == DASHES
    places = [tuple(looks(place).values()) for place in range(COLOURS * DASHES)]
    assert len(set(places)) == COLOURS * DASHES and places[COLOURS] == (0, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 0.0, "error": 0.0, "floor": 0.0},
        {"value": 0.0, "error": None, "floor": None},
        {"value": 1e30, "error": 1e29},
        {"value": 1.0, "error": math.nan, "floor": math.nan},
        {"value": 1.0, "error": math.inf, "floor": -math.inf},
        {"value": 1.0, "error": 1e308},
    ],
)
def test_odd_cards_can_be_drawn(changes: dict[str, Any]) -> None:
    found = laid(card(**changes))
    (bar,) = found.bars
    assert all(map(math.isfinite, [bar.value, bar.low, bar.high, *found.floors]))


def test_without_a_finite_value_nothing_is_drawn() -> None:
    assert scale([card(value=math.nan), None, card(value=math.inf)]) is None
    assert len(laid(card(value=math.nan), card()).bars) == 1
