"""Axes and lines of a plot: round numbers to mark, smoothing, paths of bearable length."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate

Line = list[tuple[float, float]]  # (across, up); up is not-a-number where the line is broken

UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
MOST = 300  # places along the axis at which a long line is drawn


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return at most about so many round numbers (1, 2 or 5 times a power of ten) in a range."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    # counted, not added up: 0.1 + 0.2 is no mark
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def powers(low: float, high: float, most: int = 5) -> list[float]:
    """Return whole exponents in a range of exponents, thinned to about so many."""
    found = list(range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1))
    return [float(number) for number in found[:: math.ceil(len(found) / most) or 1]]


def labels(marks: list[float]) -> list[str]:
    """Write round numbers, all in the unit of the largest."""
    most = max((abs(mark) for mark in marks), default=0.0)
    size, unit = next((pair for pair in UNITS if most >= pair[0]), (1.0, ""))
    return [f"{mark / size:.4g}{unit if mark else ''}" for mark in marks]


def short(value: float, digits: int = 3) -> str:
    """Write a number for a label: 5058, 12.5k, 0.25, 1.3e-05, nan."""
    if not math.isfinite(value):
        return "nan"
    # what is rounded up to the next unit is written in it: 1M, not 1e+03k
    size, unit = next((pair for pair in UNITS if abs(value) >= 0.9995 * pair[0]), (1.0, ""))
    if abs(value) < 9999.5:  # four digits are as short as 5.06k, and exact
        return f"{value:.{max(digits, 4) if abs(value) >= 999.5 else digits}g}"
    return f"{value / size:.{digits}g}{unit}"


def smooth(line: Line) -> Line:
    """Return the moving average over a twentieth of the points; breaks stay where they are."""
    reach = len(line) // 40
    values = [up if math.isfinite(up) else 0.0 for _, up in line]
    sums = [0.0, *accumulate(values)]
    counts = [0, *accumulate(int(math.isfinite(up)) for _, up in line)]
    smoothed = []
    for place, (across, up) in enumerate(line):
        # the window shrinks evenly at the ends, else it would lean
        near = min(reach, place, len(line) - 1 - place)
        start, end = place - near, place + near + 1
        mean = (sums[end] - sums[start]) / max(1, counts[end] - counts[start])
        smoothed.append((across, mean if math.isfinite(up) else math.nan))
    return smoothed


def thin(line: Line) -> Line:
    """Return the extremes of each stretch of a long line, so that no spike is lost."""
    length = math.ceil(len(line) / MOST)
    if length <= 2:
        return line
    kept: Line = []
    for start in range(0, len(line), length):
        stretch = line[start : start + length]
        finite = [point for point in stretch if math.isfinite(point[1])]
        ends = [min(finite, key=lambda p: p[1]), max(finite, key=lambda p: p[1])] if finite else []
        if len(finite) < len(stretch):
            ends.append(next(point for point in stretch if not math.isfinite(point[1])))
        kept += sorted(ends)
    return kept


def runs(line: Line) -> Iterator[Line]:
    """Yield the unbroken parts of a line."""
    part: Line = []
    for point in line:
        if math.isfinite(point[1]):
            part.append(point)
        elif part:
            yield part
            part = []
    if part:
        yield part
