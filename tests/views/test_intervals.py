from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from liangyi.metrics.card import Card
from liangyi.views.intervals import EDGE, WIDTH, dot, intervals
from liangyi.views.plots import COLOURS, style

from .reading import NAMESPACE, card


def drawn(*cards: Card | None) -> ElementTree.Element:
    return ElementTree.fromstring(intervals(cards))


def dots(drawing: ElementTree.Element) -> list[tuple[float, float]]:
    circles = drawing.iter(f"{NAMESPACE}circle")
    return [(float(circle.attrib["cx"]), float(circle.attrib["cy"])) for circle in circles]


def lines(drawing: ElementTree.Element) -> list[tuple[str, list[float]]]:
    """Return colour and numbers of each line: the rule, the notch, floors, bars."""
    return [
        (path.attrib["stroke"], [float(x) for x in re.findall(r"-?[\d.]+", path.attrib["d"])])
        for path in drawing.iter(f"{NAMESPACE}path")
    ]


def test_places_are_in_proportion_on_a_scale_from_zero() -> None:
    # breaks when a bar or a floor is drawn on another scale than its dot
    drawing = drawn(card(value=5.0, error=5 / 1.96, floor=2.5))
    rule, notch, floor, bar = lines(drawing)
    span = WIDTH - 2 * EDGE
    assert rule[1][0] == notch[1][0] == EDGE and rule[1][2] == WIDTH - EDGE
    assert dots(drawing)[0][0] == pytest.approx(EDGE + span / 2, abs=0.06)
    assert floor[1][0] == pytest.approx(EDGE + span / 4, abs=0.06)
    assert (bar[1][0], bar[1][2]) == pytest.approx((EDGE, EDGE + span), abs=0.06)


def test_negative_floors_and_values_have_room_and_zero_its_notch() -> None:
    drawing = drawn(card(value=1.0, error=0.0, floor=-1.0))
    _, notch, floor = lines(drawing)
    assert (floor[1][0], notch[1][0]) == pytest.approx((EDGE, WIDTH / 2), abs=0.06)
    bound = drawn(card(value=-90.0, floor=-80.0, error=1.0, better="higher"))
    assert len(lines(bound)) == 3  # zero is far away and says nothing: no notch


def test_shares_are_drawn_up_to_one() -> None:
    (share,) = dots(drawn(card(value=0.5, better="higher", error=None, floor=None)))
    (distance,) = dots(drawn(card(value=0.5, better="lower", error=None, floor=None)))
    assert share[0] == pytest.approx(WIDTH / 2) and distance[0] == pytest.approx(WIDTH - EDGE)


@pytest.mark.parametrize("count", range(1, 9))
def test_everything_stays_inside_and_apart(count: int) -> None:
    drawing = drawn(*(card(value=10.0**n, error=10.0 ** (n - 1)) for n in range(count)))
    _, _, width, height = map(float, drawing.attrib["viewBox"].split())
    heights = [y for _, y in dots(drawing)]
    assert all(3 < x < width - 3 for x, _ in dots(drawing))
    assert all(3 < y < height - 3 for y in heights)
    assert all(b - a > 6.4 for a, b in pairwise(heights))  # twice the radius
    ends = [x for _, numbers in lines(drawing)[-count:] for x in (numbers[0], numbers[2])]
    assert all(0 <= x <= width for x in ends)


def test_a_run_has_its_colour_and_its_place_though_others_are_missing() -> None:
    # breaks when the second run is drawn in the colour of the first, which was not scored
    both, one = drawn(card(), card()), drawn(None, card())
    assert dots(one) == dots(both)[1:]
    (circle,) = one.iter(f"{NAMESPACE}circle")
    assert circle.attrib["fill"] == COLOURS[1]
    assert [colour for colour, _ in lines(one)][-1] == COLOURS[1]


def test_runs_beyond_the_palette_are_hollow() -> None:
    places = [0, len(COLOURS) - 1, len(COLOURS), len(COLOURS) + 1]
    looks = []
    for place in places:
        (circle,) = ElementTree.fromstring(dot(place)).iter(f"{NAMESPACE}circle")
        looks.append((circle.attrib["fill"], circle.get("stroke")))
        assert style(place)[0] in looks[-1]
    assert len(set(looks)) == len(places) and looks[2] == ("none", COLOURS[0])


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
    written = intervals([card(**changes)])
    assert len(dots(ElementTree.fromstring(written))) == 1
    assert not re.search(r'="[^"]*\b(nan|inf)\b', written.replace("infinite", ""))


def test_without_a_finite_value_nothing_is_drawn() -> None:
    assert intervals([card(value=math.nan), None, card(value=math.inf)]) == ""
    assert len(dots(drawn(card(value=math.nan), card()))) == 1
