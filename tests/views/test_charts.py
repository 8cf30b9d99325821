from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from liangyi.views.charts import MANY, of_runs, of_training, smoothed


def only(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the only curve of a log."""
    (group,) = of_training(lines)
    (panel,) = group["panels"]
    (curve,) = panel["curves"]
    return curve


def test_a_chart_holds_the_steps_and_values_of_the_log() -> None:
    # breaks when a curve is drawn at another step, in another order, or with another value
    lines = [{"step": 10.0 * n, "loss": 1 / n, "test/loss": 2.0} for n in (3, 1, 2)]
    (group,) = of_training(lines)
    assert group["size"] == "large"
    assert [panel["title"] for panel in group["panels"]] == ["training", "test"]
    assert all(panel["steps"] == [10.0, 30.0] and not panel["log"] for panel in group["panels"])
    assert group["panels"][0]["curves"] == [
        {
            "label": "loss",
            "colour": 0,
            "dash": 0,
            "x": [10.0, 20.0, 30.0],
            "y": [1.0, 0.5, 0.333333],
            "smooth": [],
        }
    ]


def test_signals_are_small_and_below() -> None:
    line = {"step": 1, "generator": 1.0, "signal/told_apart": 0.5, "signal/gap": 3.0}
    large, small = of_training([line])
    assert (large["size"], small["size"]) == ("large", "small")
    assert [panel["title"] for panel in small["panels"]] == ["told apart", "gap"]


def test_wide_spans_get_a_logarithmic_axis() -> None:
    def bent(values: list[float]) -> bool:
        (group,) = of_training([{"step": n, "loss": value} for n, value in enumerate(values)])
        return bool(group["panels"][0]["log"])

    assert bent([10.0**-n for n in range(5)]) and not bent([10.0**-n for n in range(4)])
    assert not bent([10.0**-n - 0.5 for n in range(5)])


def test_what_is_no_number_breaks_the_curve_and_nothing_else() -> None:
    values = [1.0, 2.0, math.nan, 3.0, None, math.inf, -math.inf, 5.0]
    curve = only([{"step": n, "loss": value} for n, value in enumerate(values)])
    assert curve["y"] == [1.0, 2.0, None, 3.0, None, None, None, 5.0]


def test_a_metric_missing_from_a_line_breaks_nothing() -> None:
    lines: list[dict[str, Any]] = [{"step": n, "loss": 1.0 * n} for n in range(9)]
    for n in (2, 5, 8):
        lines[n]["test/loss"] = 1.0
    (group,) = of_training(lines)
    first, second = (panel["curves"][0] for panel in group["panels"])
    assert len(first["x"]) == 9 and second["x"] == [2, 5, 8] and None not in second["y"]


@pytest.mark.parametrize(
    "lines",
    [
        [{"step": 5, "loss": 2.0}],
        [{"step": 5, "loss": math.nan}],
        [{"step": n, "loss": math.nan} for n in range(2000)],
        [{"step": 0, "loss": 0.0}, {"step": 1, "loss": 0.0}],
        [{"step": n, "loss": (-1) ** n * 1e308} for n in range(100)],
        [{"step": n, "loss": 1e308} for n in range(100)],
        [{"step": 1, "<&>": 1.0, "a/b/c": 2.0, "text": "no"}],
    ],
)
def test_odd_logs_can_be_drawn(lines: list[dict[str, Any]]) -> None:
    found = of_training(lines)
    assert found and json.dumps(found, allow_nan=False)


def test_without_figures_there_are_no_charts() -> None:
    assert of_training([]) == of_training([{"step": 1}]) == of_training([{"loss": 1.0}]) == []


def test_a_step_logged_twice_counts_once_and_the_later_line_wins() -> None:
    curve = only([{"step": 1, "a": 1.0}, {"step": 2, "a": 7.0}, {"step": 2, "a": 3.0}])
    assert (curve["x"], curve["y"]) == ([1, 2], [1.0, 3.0])


def test_curves_have_different_colours_or_dashes() -> None:
    lines = [{"step": n, **{f"m{k}": 1.0 + k for k in range(10)}} for n in range(3)]
    (group,) = of_training(lines)
    curves = group["panels"][0]["curves"]
    assert len({(curve["colour"], curve["dash"]) for curve in curves}) == 10


@pytest.mark.parametrize("count", range(2, 10))
def test_a_run_has_one_colour_which_is_that_of_its_place(count: int) -> None:
    # breaks when a run without a metric hands its colour on to the next
    runs: dict[str, list[dict[str, float]]] = {
        f"run {n}": [{"step": 1, "all": 1.0} | ({} if n == 1 else {"most": 2.0})]
        for n in range(count)
    }
    looks: dict[str, set[tuple[int, int]]] = {}
    for group in of_runs(runs):
        for panel in group["panels"]:
            for curve in panel["curves"]:
                looks.setdefault(curve["label"], set()).add((curve["colour"], curve["dash"]))
    assert list(looks) == list(runs) and all(len(look) == 1 for look in looks.values())
    assert len(set.union(*looks.values())) == count


def test_long_curves_are_smoothed_where_they_are_drawn() -> None:
    short = only([{"step": n, "loss": 1.0} for n in range(MANY)])
    assert short["smooth"] == []
    rng = np.random.default_rng(0)
    noisy = only([{"step": n, "loss": float(v)} for n, v in enumerate(rng.normal(5, 1, 400))])
    assert len(noisy["smooth"]) == len(noisy["x"]) == 400
    assert np.std(noisy["smooth"]) < np.std(noisy["y"]) / 3
    assert np.mean(noisy["smooth"]) == pytest.approx(np.mean(noisy["y"]), abs=0.05)


def test_on_a_logarithmic_axis_a_spike_weighs_what_it_looks_like() -> None:
    # breaks when one value of 10^6 lifts the smoothed curve by four decades
    values = [1e6 if n == 200 else 1.0 for n in range(400)]
    curve = only([{"step": n, "loss": value} for n, value in enumerate(values)])
    assert max(curve["smooth"]) == pytest.approx(10 ** (6 / 21), rel=1e-4)


def test_smoothing_leaves_straight_lines_straight_and_gaps_open() -> None:
    straight = 2.0 * np.arange(200)
    assert smoothed(straight) == pytest.approx(straight)
    broken = straight.copy()
    broken[50] = math.nan
    assert np.flatnonzero(np.isnan(smoothed(broken))).tolist() == [50]


def test_thinning_keeps_extremes_breaks_and_both_ends() -> None:
    values = [math.sin(n) for n in range(10_000)]
    values[5000], values[7777], values[0], values[-1] = math.nan, 9.0, 0.25, 0.5
    curve = only([{"step": n, "loss": value} for n, value in enumerate(values)])
    assert len(curve["x"]) < 1000 and curve["x"] == sorted(set(curve["x"]))
    assert curve["y"][curve["x"].index(5000)] is None
    assert curve["y"][curve["x"].index(7777)] == 9.0
    assert (curve["x"][0], curve["y"][0], curve["x"][-1], curve["y"][-1]) == (0, 0.25, 9999, 0.5)
