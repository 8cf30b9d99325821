"""Means over seeds, how sure they are, and tables that Markdown readers understand."""

from __future__ import annotations

import json
import math

import pytest
from scipy import stats

from liangyi.lab.table import Summary, best, markdown, seeds, write


def test_the_interval_is_students():
    # by hand: values 1 2 3 4, deviation sqrt(5/3), t(0.975, 3) = 3.182446
    found = Summary((1.0, 2.0, 3.0, 4.0))
    assert found.mean == 2.5
    assert found.error == pytest.approx(math.sqrt(5 / 3) / 2)
    assert found.half == pytest.approx(3.182446 * math.sqrt(5 / 3) / 2, rel=1e-6)


def test_the_interval_is_scipys():
    values = (7.9, 8.4, 6.1, 7.0, 8.8)
    low, high = stats.t.interval(0.95, 4, loc=sum(values) / 5, scale=stats.sem(values))
    half = Summary(values).half
    assert half == pytest.approx((high - low) / 2)
    # the normal's 1.96 would be far too sure of five seeds
    assert half > 1.3 * 1.96 * stats.sem(values)


def test_a_single_seed_has_no_interval():
    found = Summary((3.0,))
    assert found.mean == 3 and found.error is None and found.half is None
    assert str(found) == "3.00"
    assert found.json() == {"mean": 3.0, "error": None, "interval": None, "values": [3.0]}


def test_equal_seeds_have_an_interval_of_nothing():
    found = Summary((8.0, 8.0))
    assert found.half == 0 and str(found) == "8.00"


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_what_is_no_number_neither_crashes_nor_breaks_the_json(odd):
    found = Summary((odd, 1.0, 2.0))
    assert str(found) == "-"
    plain = json.loads(json.dumps(found.json(), allow_nan=False))
    assert plain == {"mean": None, "error": None, "interval": None, "values": [None, 1.0, 2.0]}


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.04567, "0.046"), (-0.5, "-0.500"), (1.005, "1.00"), (12.34, "12.3"), (999.6, "1000"),
     (math.nan, "-"), (math.inf, "-")],
)  # fmt: skip
def test_numbers_have_as_many_digits_as_they_deserve(value, written):
    assert write(value) == written


def test_failures_are_said_beside_the_seeds():
    assert seeds(3, 0) == "3"
    assert seeds(3, 2) == "3 (2 failed)"


def test_markdown_has_equal_columns():
    text = markdown(("data", "n"), [["`gan:pack=2`", "3"], ["", "12,000"]])
    assert text == (
        "| data         | n      |\n"
        "|--------------|--------|\n"
        "| `gan:pack=2` | 3      |\n"
        "|              | 12,000 |"
    )


def test_all_who_share_the_best_mean_are_named():
    # breaks when the first of them is said to be alone: eight of eight modes are often covered
    rows = [{"data": "ring", "model": name, "modes": {"mean": mean}}
            for name, mean in (("a", 7.0), ("b", 8.0), ("c", 8.0), ("d", None))]  # fmt: skip
    words = "on {data} `{model}` covers the most, {value}"
    assert best(rows, "modes", words, max) == "On ring `b` covers the most, 8.00, as does `c`."
    assert best(rows, "modes", words) == "On ring `a` covers the most, 7.00."
    every = [row | {"modes": {"mean": 0.0}} for row in rows]
    assert best(every, "modes", words, max).endswith("0.000, as do `b`, `c`, `d`.")
