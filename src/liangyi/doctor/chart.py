"""A patient's chart: the log of a training as curves, and what can be said of a curve."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

Line = list[tuple[int, float]]  # (step, value)
LEAST = 3  # looks that a finding must have lasted


class Chart:
    """The log of a training.

    Args:
        lines: of log.jsonl.
    """

    def __init__(self, lines: Sequence[dict[str, float]]) -> None:
        self.lines = list(lines)
        self.looks = sum(any(name.startswith("signal/") for name in line) for line in lines)

    def line(self, name: str) -> Line:
        """Return a curve; what is not a finite number is left out."""
        return [
            (int(line["step"]), float(line[name]))
            for line in self.lines
            if name in line and math.isfinite(line[name])
        ]

    def has(self, name: str) -> bool:
        """Tell whether anything is known under a name."""
        return bool(self.line(name))

    def losses(self) -> list[str]:
        """Return the names of what the model itself reports."""
        names = dict.fromkeys(name for line in self.lines for name in line)
        plain = {"step", "seconds", "items_per_second", "rewound_from", "learning_rate_factor"}
        return [name for name in names if name not in plain and "/" not in name]

    def last(self, name: str) -> float:
        """Return the median of the newest three values: one look may be an accident."""
        return statistics.median([value for _, value in self.line(name)[-3:]])

    def lasting(self, name: str, test: Callable[[float], bool]) -> int | None:
        """Return the step from which on a test holds to the end, None where it does not.

        One look in ten may be an exception.
        """
        line = self.line(name)
        since, misses = None, 0
        for count, (step, value) in enumerate(reversed(line), 1):
            misses += not test(value)
            if misses > 0.1 * count:
                break
            if test(value):
                since = step
        held = sum(step >= since for step, _ in line) if since is not None else 0
        return since if held >= min(LEAST, max(2, len(line))) else None

    def newest(self, name: str) -> float | None:
        """Return the last value, None where there is none."""
        line = self.line(name)
        return line[-1][1] if line else None

    def thirds(self, name: str) -> tuple[float, float] | None:
        """Return the means of the third before the newest and of the newest; None: too short."""
        values = [value for _, value in self.line(name)]
        third = len(values) // 3
        if third < 2:
            return None
        return statistics.fmean(values[-2 * third : -third]), statistics.fmean(values[-third:])

    def trend(self, name: str) -> float | None:
        """Return the mean of the newest third over that of the third before; None: too short.

        What was zero before and is not now has grown beyond all bounds.
        """
        found = self.thirds(name)
        if found is None:
            return None
        before, newest = found
        if not before:
            return math.inf if newest > 0 else None
        return newest / before

    def gain(self, name: str) -> float:
        """Return by how much the newest third is above the third before; 0: too short to tell."""
        before, newest = self.thirds(name) or (0.0, 0.0)
        return newest - before
