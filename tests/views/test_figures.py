from __future__ import annotations

import math
from typing import Any

import pytest

from liangyi.metrics.card import Card
from liangyi.views.figures import figures, margin, short


def card(value: float, error: float | None = None, floor: float | None = None) -> Card:
    return Card(metric="m", value=value, better="lower", error=error, floor=floor)


@pytest.mark.parametrize(
    ("value", "away", "floor", "said"),
    [
        (62.959, 3.2, 1.618, ("63", "3", "2")),
        (0.82208, 0.0734, -0.0046, ("0.82", "0.07", "-0.005")),
        (0.1234567, 0.0149, 0.1, ("0.123", "0.015", "0.100")),  # two digits behind a leading 1
        (0.1234567, 0.0196, 0.1, ("0.12", "0.02", "0.10")),
        (5.0, 0.96, None, ("5.0", "1.0", "")),  # rounded up to a leading 1
        (12_345.6, 321.0, 99.0, ("12300", "300", "100")),
        (-90.84, 1.34, -80.06, ("-90.8", "1.3", "-80.1")),
        (-0.001, 0.05, None, ("0.00", "0.05", "")),  # never -0.00
        (3.2e-9, 4.1e-10, 1e-12, ("3.2e-09", "0.4e-09", "1e-12")),
        (4.2e8, 3e6, 5.0, ("4.20e+08", "0.03e+08", "5")),
        (0.5, 0.02, 1e300, ("0.50", "0.02", "1e+300")),
    ],
)
def test_a_figure_ends_where_its_error_begins(
    value: float, away: float, floor: float | None, said: tuple[str, str, str]
) -> None:
    # breaks when a table claims digits that the interval does not support, or hides some
    assert figures(card(value, away / 1.96, floor)) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (card(0.53), ("0.5300", "", "")),  # stands below 0.4543, and with as many digits
        (card(0.4543, None, 0.9991), ("0.4543", "", "0.9991")),
        (card(8.0, None, 10.0), ("8", "", "10")),  # a count
        (card(0.0), ("0", "", "")),
        (card(9999.6), ("10k", "", "")),
        (card(3e30), ("3e+30", "", "")),
        (card(0.25, 0.0), ("0.2500", "0", "")),
        (card(0.9, 1e-17), ("0.9000", "2e-17", "")),  # the error of rounding: not 17 digits
        (card(1.0, 1e308), ("1", "", "")),  # an interval that overflows is none
    ],
)
def test_without_a_telling_error_a_figure_has_four_digits(
    given: Card, said: tuple[str, str, str]
) -> None:
    assert figures(given) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"value": math.nan, "error": 0.1}, ("not a number", "", "")),
        ({"value": math.inf, "error": 0.1}, ("infinite", "", "")),
        ({"value": -math.inf, "error": math.inf}, ("-infinite", "", "")),
        ({"value": 1.5, "error": math.nan}, ("1.500", "", "")),
        ({"value": 1.5, "error": 0.1, "floor": math.inf}, ("1.5", "0.2", "")),
    ],
)
def test_what_is_no_number_is_said_in_words(
    changes: dict[str, Any], said: tuple[str, str, str]
) -> None:
    # breaks when a diverged model's score ends in a traceback, or reads "nan ± nan"
    given = Card(metric="m", better="lower", **changes)
    assert figures(given) == said and (margin(given) is None) == (said[1] == "")


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (999.96, 4, "1000"),
        (999.96, 3, "1000"),
        (999.4, 3, "999"),
        (9999.6, 4, "10k"),
        (999_960.0, 3, "1M"),
        (999_400.0, 3, "999k"),
    ],
)
def test_labels_are_in_the_unit_that_they_are_rounded_to(
    value: float, digits: int, said: str
) -> None:
    # breaks when an axis or a legend says 1e+03 or 1e+03k
    assert short(value, digits) == said
