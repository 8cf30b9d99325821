from __future__ import annotations

import math
from typing import Any

import pytest

from liangyi.views.panels import Series, grouped, series, shared, signals, single


def line(*values: float) -> list[tuple[float, float]]:
    return [(float(step), value) for step, value in enumerate(values)]


def test_a_log_becomes_curves_sorted_by_step_where_the_later_line_counts() -> None:
    lines: list[dict[str, Any]] = [
        {"step": 2, "loss": 5.0, "seconds": 1.0},
        {"step": 1, "loss": 4.0, "name": "x", "flag": True},
        {"step": 2, "loss": 3.0, "step_size": 1},
        {"loss": 9.0},
        {"step": math.nan, "loss": 9.0},
    ]
    assert series(lines) == {"loss": [(1.0, 4.0), (2.0, 3.0)], "step_size": [(2.0, 1.0)]}


def test_what_is_no_number_becomes_a_break() -> None:
    lines: list[dict[str, Any]] = [{"step": n, "a": v} for n, v in enumerate((None, math.inf))]
    assert all(math.isnan(value) for _, value in series(lines)["a"])


def test_signals_have_panels_of_their_own_and_no_part_in_the_others() -> None:
    # breaks when twenty signals flatten the losses into one panel
    found: Series = {"generator": line(1.0), "signal/told_apart": line(0.5), "signal/gap": line(3)}
    assert [panel.title for panel in grouped(found)] == ["training"]
    assert [panel.title for panel in signals(found)] == ["told apart", "gap"]
    assert list(signals(found)[0].series) == ["signal/told_apart"]


def test_speed_comes_last() -> None:
    found = {"items_per_second": line(900.0), "test/loss": line(1.0), "generator": line(1.0)}
    assert [p.title for p in grouped(found)] == ["training", "test", "items per second"]


@pytest.mark.parametrize(
    ("values", "log"),
    [((1.0, 1e4), True), ((1.0, 1e3), False), ((0.0, 1e9), False), ((-1.0, 1e9), False)],
)
def test_an_axis_bends_where_positive_values_span_over_three_decades(
    values: tuple[float, float], log: bool
) -> None:
    assert single("a", {"run": line(*values)}).log is log


def test_curves_of_several_runs_bend_together() -> None:
    # breaks when a run that diverged flattens all others, though none of them spans much
    assert single("a", {"one": line(1.0, 2.0), "two": line(1e6, 2e6)}).log


def test_metrics_of_different_sizes_do_not_flatten_each_other() -> None:
    found = {"truth/modes": line(8.0, 8.0), "truth/share": line(0.9, 0.8)}
    assert [panel.title for panel in grouped(found)] == ["truth/modes", "truth/share"]


def test_only_metrics_of_two_runs_are_shared() -> None:
    # breaks when a page compares curves of which there is one
    runs = {
        "a": {"loss": line(1.0), "own": line(1.0)},
        "b": {"loss": line(2.0)},
        "c": {"other": line(1.0)},
    }
    (panel,) = shared(runs)
    assert panel.title == "loss"
    # a run without the metric keeps its place, and with it everyone's colour
    assert panel.series == {"a": line(1.0), "b": line(2.0), "c": []}
    assert shared({"a": {"x": line(1.0)}, "b": {"y": line(1.0)}}) == [] == shared({})


def test_of_the_signals_only_telling_ones_are_shared_and_speed_comes_last() -> None:
    own = {name: line(1.0) for name in ("items_per_second", "signal/energy", "signal/gap", "loss")}
    titles = [panel.title for panel in shared({"a": own, "b": own})]
    assert titles == ["loss", "energy", "items per second"]
