"""Tables of a bench: means over seeds with their 95 % intervals, as Markdown and as JSON."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Summary:
    """One figure over several seeds."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean over the seeds; not a number where nothing was made yet."""
        return statistics.fmean(self.values) if self.values else math.nan

    @property
    def error(self) -> float | None:
        """Standard error of the mean; None for a single seed, or where one is not a number."""
        if len(self.values) < 2 or not math.isfinite(self.mean):
            return None
        return statistics.stdev(self.values) / math.sqrt(len(self.values))

    @property
    def half(self) -> float | None:
        """Half of the 95 % interval, by Student's t: few seeds, wide intervals."""
        if self.error is None:
            return None
        from scipy.stats import t

        return float(t.ppf(0.975, len(self.values) - 1)) * self.error

    def json(self) -> dict[str, object]:
        """Return the plain form; what is not finite becomes null, which is what JSON has."""
        return {"mean": _plain(self.mean), "error": _plain(self.error),
                "interval": _plain(self.half),
                "values": [_plain(value) for value in self.values]}  # fmt: skip

    def __str__(self) -> str:
        """Return mean ± half of the 95 % interval, with as many digits as that allows."""
        return f"{write(self.mean)} ± {write(self.half)}" if self.half else write(self.mean)


def _plain(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def seeds(count: int, failed: int) -> str:
    """Write how many trainings there were, and of how many the means know nothing."""
    return f"{count} ({failed} failed)" if failed else str(count)


def write(value: float) -> str:
    """Write a number for a table."""
    if not math.isfinite(value):
        return "-"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, its columns aligned for those who read the source."""
    cells = [list(head), *[list(row) for row in rows]]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
             for row in cells]  # fmt: skip
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def best(rows: Sequence[dict[str, Any]], column: str, words: str,
         choose: Callable[..., dict[str, Any]] = min) -> str:  # fmt: skip
    """Say in one sentence whose mean is the best on each data set, of rows in their plain form.

    Who shares that mean is named, too.

    Args:
        rows: of a bench; those whose trainings all failed lack the column.
        column: the figure that decides.
        words: what is said, with {data}, {model} and {value}.
        choose: min or max.
    """
    parts = []
    for data in dict.fromkeys(row["data"] for row in rows):
        own = [row for row in rows if row["data"] == data and row.get(column)]
        own = [row for row in own if row[column]["mean"] is not None]
        if own:
            found = choose(own, key=lambda row: row[column]["mean"])
            mean = found[column]["mean"]
            part = words.format(data=data, model=found["model"], value=write(mean))
            others = [row for row in own if row is not found and row[column]["mean"] == mean]
            if others:
                names = ", ".join(f"`{row['model']}`" for row in others)
                part += f", as {'does' if len(others) == 1 else 'do'} {names}"
            parts.append(part)
    said = "; ".join(parts)
    return said[:1].upper() + said[1:] + "." if parts else "No training came to its end."
