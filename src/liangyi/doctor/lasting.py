"""How long something has been so in a chart, and whether it mends: what rules ask."""

from __future__ import annotations

from collections.abc import Callable

from liangyi.doctor.chart import Chart

# signals which mend upwards; others mend downwards
RISING = ("diversity", "class_entropy", "as_asked", "explained")


def apart(chart: Chart) -> str:
    """Write the share of samples and real items that their neighbours tell apart."""
    return f"{chart.last('signal/nearest_neighbour_accuracy'):.0%}"


def lasting(chart: Chart, name: str, test: Callable[[float], bool]) -> int | None:
    """Return since when a signal passes a test to the end, None where it does not."""
    return chart.lasting(f"signal/{name}", test)


def all_last(chart: Chart, *tests: tuple[str, Callable[[float], bool]]) -> int | None:
    """Return since when all of these hold, None where one does not."""
    steps = [lasting(chart, name, test) for name, test in tests]
    known = [step for step in steps if step is not None]
    return max(known) if len(known) == len(steps) else None


def mends(chart: Chart, name: str) -> bool:
    """Tell whether a signal is clearly on its way to where it should be."""
    trend = chart.trend(f"signal/{name}")
    if trend is None:
        return False
    return trend > 1.25 if name in RISING else trend < 0.8
