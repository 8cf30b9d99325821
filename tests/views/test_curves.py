from __future__ import annotations

import math
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from liangyi.views.axes import labels, powers, runs, short, smooth, thin, ticks
from liangyi.views.curves import curves
from liangyi.views.plots import COLOURS

NAMESPACE = "{http://www.w3.org/2000/svg}"


def parsed(lines: list[dict[str, Any]]) -> ElementTree.Element:
    return ElementTree.fromstring(curves(lines))


def titles(drawing: ElementTree.Element) -> list[str]:
    return [e.text or "" for e in drawing.iter(f"{NAMESPACE}text") if e.get("font-weight")]


def lines_of(drawing: ElementTree.Element, colour: str = COLOURS[0]) -> list[str]:
    return [e.attrib["d"] for e in drawing.iter(f"{NAMESPACE}path") if e.get("stroke") == colour]


def test_metrics_share_panels_by_prefix() -> None:
    line = {
        "step": 1,
        "seconds": 3.0,
        "generator": 1.0,
        "discriminator": 0.5,
        "test/accuracy": 0.9,
        "test/loss": 0.7,
        "items_per_second": 900.0,
    }
    drawing = parsed([line, line | {"step": 2}])
    assert titles(drawing) == ["training", "test", "items per second"]
    said = " ".join(drawing.itertext())
    assert "accuracy" in said and "generator" in said and "seconds" not in said.split()


def test_metrics_of_different_sizes_do_not_flatten_each_other() -> None:
    lines = [{"step": n, "truth/modes": 8.0, "truth/share": 0.9} for n in range(3)]
    assert titles(parsed(lines)) == ["truth/modes", "truth/share"]


def test_wide_spans_get_a_logarithmic_axis() -> None:
    values = [10.0**-n for n in range(5)]
    drawing = parsed([{"step": n, "loss": value} for n, value in enumerate(values)])
    assert {"1", "0.1", "0.01", "0.001", "0.0001"} <= set(drawing.itertext())
    heights = [float(point.split()[1]) for point in lines_of(drawing)[0][1:].split("L")]
    gaps = [after - before for before, after in pairwise(heights)]
    assert max(gaps) - min(gaps) < 0.3  # evenly down
    signed = parsed([{"step": n, "loss": value - 0.5} for n, value in enumerate(values)])
    assert "0.0001" not in set(signed.itertext())


def test_what_is_no_number_breaks_the_curve_and_nothing_else() -> None:
    values = [1.0, 2.0, math.nan, 3.0, None, math.inf, 4.0, 5.0]
    drawing = parsed([{"step": n, "loss": value} for n, value in enumerate(values)])
    (path,) = lines_of(drawing)
    assert path.count("M") == 3 and path.count("L") == 2 and "nan" not in path
    lone = [e for e in drawing.iter(f"{NAMESPACE}circle")]
    assert len(lone) == 2  # the 3 between two gaps, and the newest


def test_a_metric_missing_from_a_line_breaks_nothing() -> None:
    lines: list[dict[str, Any]] = [{"step": n, "loss": 1.0 * n} for n in range(9)]
    for n in (2, 5, 8):
        lines[n]["test/loss"] = 1.0
    paths = lines_of(parsed(lines))
    assert [path.count("M") for path in paths] == [1, 1]
    assert [path.count("L") for path in paths] == [8, 2]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [{"step": 1}],
        [{"step": 5, "loss": 2.0}],
        [{"step": 5, "loss": math.nan}],
        [{"step": 0, "loss": 0.0}, {"step": 1, "loss": 0.0}],
        [{"loss": 1.0}],
        [{"step": 1, "loss": -1e30}, {"step": 2, "loss": 1e30}],
        [{"step": 1, "<&>": 1.0, "a/b/c": 2.0, "text": "no"}],
    ],
)
def test_odd_logs_can_be_drawn(lines: list[dict[str, Any]]) -> None:
    drawing = parsed(lines)
    for path in drawing.iter(f"{NAMESPACE}path"):
        assert "nan" not in path.attrib["d"] and "inf" not in path.attrib["d"]


def test_a_first_line_is_a_dot_at_its_step() -> None:
    drawing = parsed([{"step": 50, "loss": 2.0}])
    assert len(list(drawing.iter(f"{NAMESPACE}circle"))) == 1
    assert "50" in set(drawing.itertext()) and "49.5" not in set(drawing.itertext())


def test_a_step_logged_twice_counts_once_and_the_later_line_wins() -> None:
    drawing = parsed([{"step": 1, "a": 1.0}, {"step": 2, "a": 7.0}, {"step": 2, "a": 3.0}])
    assert lines_of(drawing)[0].count("L") == 1 and "7" not in " ".join(drawing.itertext()).split()


def test_long_logs_stay_small_and_keep_their_spikes() -> None:
    lines = [{"step": n, "loss": 100.0 if n == 54_321 else 1.0} for n in range(100_000)]
    drawn = curves(lines)
    assert len(drawn) < 60_000
    faint = lines_of(ElementTree.fromstring(drawn))[0]
    heights = [float(point.split()[1]) for point in faint[1:].split("L")]
    assert sum(height < max(heights) - 100 for height in heights) == 1


def test_curves_have_different_colours_or_dashes() -> None:
    lines = [{"step": n, **{f"m{k}": 1.0 + k for k in range(10)}} for n in range(3)]
    drawn = [
        (e.get("stroke"), e.get("stroke-dasharray"))
        for e in parsed(lines).iter(f"{NAMESPACE}path")
        if e.get("stroke") != "currentColor"
    ]
    assert len(drawn) == len(set(drawn)) == 10


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0, 8.5, [0.0, 2.0, 4.0, 6.0, 8.0]),
        (-0.3, 0.3, [-0.2, 0.0, 0.2]),
        (0.0, 20_000.0, [0.0, 5000.0, 10_000.0, 15_000.0, 20_000.0]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_labels_are_short_and_in_one_unit() -> None:
    assert labels([0.0, 5000.0, 10_000.0]) == ["0", "5k", "10k"]
    assert labels([0.0, 0.5]) == ["0", "0.5"] and labels([]) == []
    shorts = [short(x) for x in (5058.3, 12_345.0, 2.5e6, 0.25, 1.3e-5, math.nan, -4e4)]
    assert shorts == ["5058", "12.3k", "2.5M", "0.25", "1.3e-05", "nan", "-40k"]
    assert powers(-4.2, 1.1) == [-4, -3, -2, -1, 0, 1][::2] and powers(0.2, 0.8) == []


def test_smoothing_leaves_straight_lines_straight_and_gaps_open() -> None:
    straight = [(float(n), 2.0 * n) for n in range(200)]
    assert [y for _, y in smooth(straight)] == pytest.approx([y for _, y in straight])
    broken = [(x, math.nan if x == 50 else y) for x, y in straight]
    assert [x for x, y in smooth(broken) if math.isnan(y)] == [50.0]


def test_thinning_keeps_extremes_and_breaks() -> None:
    line = [(float(n), math.sin(n)) for n in range(10_000)]
    line[5000] = (5000.0, math.nan)
    kept = thin(line)
    assert len(kept) < 1000 and [p[0] for p in kept] == sorted(p[0] for p in kept)
    finite = [y for _, y in line if math.isfinite(y)]
    assert max(finite) == max(y for _, y in kept if math.isfinite(y))
    assert len(list(runs(kept))) == 2
