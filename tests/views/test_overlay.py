from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

import pytest

from liangyi.views.overlay import NOTHING, overlaid
from liangyi.views.plots import COLOURS, style

from .reading import EVIL, NAMESPACE


def log(**values: float) -> list[dict[str, float]]:
    return [{"step": n, **{name: value + n for name, value in values.items()}} for n in range(5)]


def parsed(runs: dict[str, Any]) -> ElementTree.Element:
    return ElementTree.fromstring(overlaid(runs))


def titles(drawing: ElementTree.Element) -> list[str]:
    return [e.text or "" for e in drawing.iter(f"{NAMESPACE}text") if e.get("font-weight")]


def looks(drawing: ElementTree.Element) -> dict[str, set[tuple[str, str | None]]]:
    """Return in which colours and dashes the curves of each run are drawn."""
    found: dict[str, set[tuple[str, str | None]]] = {}
    for group in drawing.iter(f"{NAMESPACE}g"):
        name = group.findtext(f"{NAMESPACE}title") or ""
        for path in group.iter(f"{NAMESPACE}path"):
            look = (path.attrib["stroke"], path.get("stroke-dasharray"))
            found.setdefault(name, set()).add(look)
    return found


def test_only_metrics_of_two_runs_are_drawn() -> None:
    # breaks when a page compares curves of which there is one
    runs = {"a": log(loss=1.0, own=1.0), "b": log(loss=2.0), "c": log(other=1.0)}
    drawing = parsed(runs)
    assert titles(drawing) == ["loss"] and set(looks(drawing)) == {"a", "b"}
    assert {"a", "b", "c"} <= set(drawing.itertext())  # the legend names all


def test_of_the_signals_only_telling_ones_are_drawn_and_speed_comes_last() -> None:
    own = log(**{"items_per_second": 9.0, "signal/energy": 1.0, "signal/gap": 2.0, "loss": 1.0})
    assert titles(parsed({"a": own, "b": own})) == ["loss", "energy", "items per second"]


def test_a_run_has_one_colour_which_is_that_of_its_place() -> None:
    # breaks when a run without a metric hands its colour on to the next
    runs = {
        "a": log(first=1.0),
        "b": log(second=1.0, third=1.0),
        "c": log(first=1.0, second=2.0, third=1.0),
    }
    assert looks(parsed(runs)) == {
        name: {(COLOURS[place], None)} for place, name in enumerate(runs)
    }


@pytest.mark.parametrize("count", range(2, 10))
def test_up_to_nine_runs_are_told_apart(count: int) -> None:
    runs = {f"run {n}": log(loss=1.0 + n) for n in range(count)}
    expected = {name: {style(place)} for place, name in enumerate(runs)}
    assert looks(parsed(runs)) == expected and len({style(n) for n in range(count)}) == count


def test_the_dot_at_the_end_of_a_curve_is_not_cut_off() -> None:
    for metrics in ({"a": 1.0}, {"a": 1.0, "b": 1.0, "c": 1.0}):
        drawing = parsed({"one": log(**metrics), "two": log(**metrics)})
        _, _, width, height = map(float, drawing.attrib["viewBox"].split())
        for circle in drawing.iter(f"{NAMESPACE}circle"):
            x, y, r = (float(circle.attrib[key]) for key in ("cx", "cy", "r"))
            assert x + r <= width and r <= y <= height - r


def test_without_a_common_metric_that_is_said() -> None:
    for runs in ({"a": log(x=1.0), "b": log(y=1.0)}, {"a": log(x=1.0)}, {}):
        assert NOTHING in set(parsed(runs).itertext())


def test_what_is_not_finite_and_odd_names_break_nothing() -> None:
    broken = [{"step": 1, "loss": math.nan}, {"step": 2, "loss": math.inf}]
    drawing = parsed({EVIL: broken, "b": log(loss=1.0), "\x00c": [], "d": [{"step": 7}]})
    assert EVIL in set(drawing.itertext())
    for path in drawing.iter(f"{NAMESPACE}path"):
        assert "nan" not in path.attrib["d"] and "inf" not in path.attrib["d"]
    assert titles(parsed({"a": broken, "b": broken})) == ["loss"]
