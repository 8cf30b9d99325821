"""What the figures of several experiments have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from liangyi.lab.frames import load
from liangyi.lab.table import Summary

REAL, FAKE = "0.55", "tab:orange"


def panels(
    rows: int, columns: int, width: float = 3.2, height: float = 3.0
) -> tuple[Figure, list[Axes]]:
    """Return a figure of so many panels, and these row by row."""
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    return figure, list(np.atleast_1d(figure.subplots(rows, columns)).flat)


def band(axes: Axes, x: Sequence[float], runs: Sequence[Sequence[float]], label: str) -> None:
    """Draw the mean of several runs, and the range that they fill."""
    values = np.asarray(runs, float)
    (line,) = axes.plot(x, values.mean(0), label=label)
    axes.fill_between(x, values.min(0), values.max(0), alpha=0.2, color=line.get_color(), lw=0)


def game(axes: Axes, frames: Mapping[str, Any], title: str, look: int = -1) -> None:
    """Draw one look at a game in the plane: points, and where the adversary says real."""
    x, y = frames["x"], frames["y"]
    said = frames["judgement"][look]
    low, high = float(said.min()), float(said.max())
    if high > low:
        axes.contourf(x, y, said, 12, cmap="Blues", alpha=0.6, vmin=low, vmax=2 * high - low)
    axes.plot(*frames["real"].T, ".", color=REAL, ms=2)
    axes.plot(*frames["fake"][look].T, ".", color=FAKE, ms=3)
    fake = frames["fake"][look]
    seen = (np.abs(fake) <= (x[-1], y[-1])).all(1).any()
    axes.set(title=title, xticks=[], yticks=[], aspect="equal")
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    if not seen:
        axes.set_xlabel("all generated points lie outside", fontsize=8)


def games(
    places: Sequence[Axes], names: Iterable[str], file: Callable[[str], Path]
) -> Sequence[Axes]:
    """Draw how each of several games ended, a panel each, and return the panels that are left."""
    left = list(places)
    for name in names:
        game(left.pop(0), load(file(name)), name)
    return left


def finite(values: Sequence[float | None]) -> Summary:
    """Return the summary of those values that are numbers."""
    return Summary(tuple(value for value in values if value is not None))


def dots(axes: Axes, rows: Mapping[str, Summary], label: str) -> None:
    """Draw means with their 95 % intervals, one below the other; of nothing, nothing."""
    for place, total in enumerate(rows.values()):
        if not total.values:
            continue
        axes.plot(total.values, [place] * len(total.values), ".", color="0.7")
        axes.errorbar(total.mean, place, xerr=total.half, fmt="o", color="tab:blue", capsize=3)
    axes.set(yticks=range(len(rows)), xlabel=label)
    axes.set_yticklabels(list(rows), fontsize=8)
    axes.set_ylim(len(rows) - 0.5, -0.5)


def benched(rows: Sequence[Mapping[str, Any]], column: str) -> Figure:
    """Return a figure of one column of a bench, a panel for each data set."""
    data = list(dict.fromkeys(row["data"] for row in rows))
    most = max((sum(row["data"] == name for row in rows) for name in data), default=1)
    figure, places = panels(len(data) or 1, 1, 9, 1.0 + 0.3 * most)
    for name, axes in zip(data, places, strict=False):
        own = {row["model"]: finite(row[column]["values"]) for row in rows
               if row["data"] == name and row.get(column)}  # fmt: skip
        dots(axes, own, column)
        axes.set_title(name)
    return figure
