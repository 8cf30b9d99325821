"""From the log of a training to panels: which curves share their axes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

SKIP = {"step", "seconds"}
OWN = {"items_per_second", "images_per_second"}  # metrics with a panel of their own
FIRST = "training"  # title of the metrics without a prefix
SIGNAL = "signal/"  # prefix of what the doctor looks at
# of the doctor's many signals those that say how good a run is
TELLING = {f"{SIGNAL}{name}" for name in ("energy", "diversity", "coverage")}
Series = dict[str, list[tuple[float, float]]]  # metric -> (step, value)


@dataclass
class Panel:
    """Curves that share their axes."""

    title: str
    series: Series  # not-a-number where the curve is broken; an empty one only keeps its colour
    log: bool


def series(lines: list[dict[str, float]]) -> Series:
    """Return the curve of each metric in a log, sorted by steps."""
    found: Series = {}
    for line in lines:
        step = _number(line.get("step"))
        for name, value in line.items():
            # NaN is written as null by careful JSON writers
            if name not in SKIP and math.isfinite(step) and not isinstance(value, str | bool):
                found.setdefault(name, []).append((step, _number(value)))
    # a resumed run may have logged a step twice: the later line counts
    return {name: sorted(dict(line).items()) for name, line in found.items()}


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if math.isfinite(number) else math.nan


def grouped(found: Series) -> list[Panel]:
    """Return panels of the metrics with the same prefix, the doctor's signals left out."""
    groups: dict[str, Series] = {}
    for name, line in found.items():
        if name.startswith(SIGNAL):
            continue
        prefix, _, rest = name.rpartition("/")
        title = name.replace("_", " ") if name in OWN else prefix or FIRST
        groups.setdefault(title, {})[rest] = line
    order = sorted(groups, key=lambda title: (title != FIRST, title.replace(" ", "_") in OWN))
    return [panel for title in order for panel in _split(title, groups[title])]


def signals(found: Series) -> list[Panel]:
    """Return a panel for each of the doctor's signals: no two of them have one unit."""
    return [
        single(_title(name), {name: line})
        for name, line in found.items()
        if name.startswith(SIGNAL)
    ]


def shared(runs: Mapping[str, Series]) -> list[Panel]:
    """Return a panel for each metric that at least two runs have, with a curve a run.

    Losses come first, then measures, the doctor's telling signals, and how fast it went. A run
    without the metric keeps its place by an empty curve, and with it everyone's colour.
    """
    metrics = dict.fromkeys(metric for curves in runs.values() for metric in curves)
    common = [
        metric
        for metric in metrics
        if sum(metric in curves for curves in runs.values()) > 1
        and (metric in TELLING or not metric.startswith(SIGNAL))
    ]
    common.sort(key=lambda metric: (metric in OWN, metric.startswith(SIGNAL), "/" in metric))
    return [
        single(_title(metric), {name: curves.get(metric, []) for name, curves in runs.items()})
        for metric in common
    ]


def single(title: str, shared: Series) -> Panel:
    """Return one panel for all curves, logarithmic where they span more than three decades."""
    every = [point for line in shared.values() for point in line]
    return Panel(title, shared, _decades(every) > 3)


def _title(metric: str) -> str:
    return metric.removeprefix(SIGNAL).replace("_", " ")


def _split(title: str, group: Series) -> list[Panel]:
    """Share a group out to panels in which every curve can be read."""
    bent = {name: line for name, line in group.items() if _decades(line) > 3}
    straight = {name: line for name, line in group.items() if name not in bent}
    if bent and all(_decades(line) >= 0 for line in straight.values()):
        bent, straight = group, {}
    # losses belong together: players are compared; other metrics have units of their own
    limit = 100 if title == FIRST else 6
    parts: list[tuple[Series, bool]] = [(bent, True)] if bent else []
    for name in sorted(straight, key=lambda name: -_size(straight[name])):
        shared = parts[-1][0] if parts and not parts[-1][1] else None
        if shared and _size(next(iter(shared.values()))) <= limit * _size(straight[name]):
            shared[name] = straight[name]
        else:
            parts.append(({name: straight[name]}, False))
    panels = []
    for part, log in parts:
        alone = f"{title}/{next(iter(part))}" if len(parts) > 1 and len(part) == 1 else title
        ordered = {name: line for name, line in group.items() if name in part}
        panels.append(Panel(alone.removeprefix(f"{FIRST}/"), ordered, log))
    return panels


def _finite(line: list[tuple[float, float]]) -> list[float]:
    return [value for _, value in line if math.isfinite(value)]


def _size(line: list[tuple[float, float]]) -> float:
    return max((abs(value) for value in _finite(line)), default=0.0)


def _decades(line: list[tuple[float, float]]) -> float:
    """Return the span of a positive curve in powers of ten, -1 for others."""
    values = _finite(line)
    return math.log10(max(values) / min(values)) if values and min(values) > 0 else -1.0
