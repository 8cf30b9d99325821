"""From the log of trainings to what the charts of a page are built from: plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liangyi.views.intervals import looks
from liangyi.views.panels import Panel, grouped, series, shared, signals

Floats = NDArray[np.float64]
Lines = list[dict[str, float]]  # of log.jsonl: "step", and metrics that need not be in every line
Charts = dict[str, Any]  # {"size", "panels": [{"title", "log", "steps", "curves": [...]}]}

MANY = 60  # points from which on a curve is drawn faintly, and smoothed
STRETCHES = 400  # of a long curve, of which the extremes are kept


def of_training(lines: Lines) -> list[Charts]:
    """Return the charts of one training: large ones, and the doctor's signals small below."""
    found = series(lines)
    return [*_charts("large", grouped(found)), *_charts("small", signals(found))]


def of_runs(runs: Mapping[str, Lines]) -> list[Charts]:
    """Return charts of the metrics that at least two runs have, one curve a run.

    Args:
        runs: name -> lines of its log.
    """
    return _charts("large", shared({name: series(lines) for name, lines in runs.items()}))


def _charts(size: str, panels: Sequence[Panel]) -> list[Charts]:
    """Return panels with one horizontal axis; nothing without any."""
    every = [step for panel in panels for line in panel.series.values() for step, _ in line]
    ends = [min(every), max(every)] if every else []
    found = [
        {
            "title": panel.title,
            "log": panel.log,
            "steps": ends,
            "curves": [
                looks(place) | {"label": name} | _curve(line, panel.log)
                for place, (name, line) in enumerate(panel.series.items())
            ],
        }
        for panel in panels
    ]
    return [{"size": size, "panels": found}] if found else []


def _curve(line: Sequence[tuple[float, float]], log: bool) -> dict[str, Any]:
    """Return a curve at bearably many steps: null where it is broken, smoothed where long."""
    steps = [step for step, _ in line]
    values = np.array([value for _, value in line], dtype=np.float64)
    kept = _kept(values)
    smooth = []
    if len(values) > MANY:
        # on a logarithmic axis a spike weighs what it looks like
        smooth = _plain((10.0 ** smoothed(np.log10(values)) if log else smoothed(values))[kept])
    return {"x": [steps[n] for n in kept], "y": _plain(values[kept]), "smooth": smooth}


def smoothed(values: Floats) -> Floats:
    """Return the moving average over a twentieth of the points; breaks stay where they are."""
    known = np.isfinite(values)
    with np.errstate(over="ignore"):
        sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    place = np.arange(len(values))
    # the window shrinks evenly at the ends, else it would lean
    near = np.minimum(len(values) // 40, np.minimum(place, len(values) - 1 - place))
    start, end = place - near, place + near + 1
    with np.errstate(invalid="ignore"):
        mean = (sums[end] - sums[start]) / np.maximum(1, counts[end] - counts[start])
    return np.where(known, mean, np.nan)


def _kept(values: Floats) -> list[int]:
    """Return which points of a long curve matter: extremes of each stretch, breaks, both ends."""
    if len(values) <= 2 * STRETCHES:
        return list(range(len(values)))
    chosen = {0, len(values) - 1}
    edges = np.linspace(0, len(values), STRETCHES + 1).astype(int)
    for start, end in pairwise(edges):
        known = np.isfinite(values[start:end])
        finite = start + np.flatnonzero(known)
        if finite.size:
            chosen |= {int(finite[values[finite].argmin()]), int(finite[values[finite].argmax()])}
        if not known.all():
            chosen.add(int(start + np.flatnonzero(~known)[0]))
    return sorted(chosen)


def _plain(values: Floats) -> list[float | None]:
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]
