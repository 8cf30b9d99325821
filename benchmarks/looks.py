"""Looks at trainings: kept as they are taken, and the tables and curves made of them."""

from __future__ import annotations

import itertools
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.harness import figure
from liangyi.core import files
from liangyi.lab.table import markdown


@dataclass(frozen=True)
class Look:
    """How good the samples were after so much training."""

    side: str
    seed: int
    images: int
    seconds: float
    frechet: float


Trainings = dict[str, list[list[Look]]]  # side -> the looks of each of its trainings


class Results:
    """All looks so far, one a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        # the last line may have been cut while it was written
        whole = [line for line in lines if line.endswith("\n")]
        self.looks = [Look(**json.loads(line)) for line in whole]
        if len(whole) < len(lines):
            files.write(path, "".join(whole))

    def of(self, side: str, seed: int, images: int) -> list[Look]:
        """Return a training's looks up to so many images, the first one first."""
        return [
            look
            for look in self.looks
            if (look.side, look.seed) == (side, seed) and look.images <= images
        ]

    def add(self, look: Look) -> None:
        self.looks.append(look)
        with self._path.open("a") as file:
            file.write(_line(look))

    def forget(self, side: str, seed: int) -> None:
        """Make room for a training that is begun anew."""
        self.looks = [look for look in self.looks if (look.side, look.seed) != (side, seed)]
        files.write(self._path, "".join(map(_line, self.looks)))


def _line(look: Look) -> str:
    return json.dumps(asdict(look)) + "\n"


def seconds_to(looks: Sequence[Look], threshold: float) -> float:
    """Return when the distance first fell to the threshold, its logarithm taken as straight."""
    if looks[0].frechet <= threshold:
        return 0.0
    for one, other in itertools.pairwise(looks):
        if other.frechet <= threshold:
            share = math.log(one.frechet / threshold) / math.log(one.frechet / other.frechet)
            return one.seconds + share * (other.seconds - one.seconds)
    return math.inf


def within_reach(trainings: Trainings) -> float:
    """Return what every training reached, rounded up to two digits."""
    best = [min(look.frechet for look in looks) for of in trainings.values() for looks in of]
    unit = 10.0 ** (math.floor(math.log10(max(best))) - 1)
    return round(math.ceil(max(best) / unit) * unit, 9)


def speed(trainings: list[list[Look]]) -> tuple[float, float]:
    """Return images a second after the first stretch, and the seconds that the first took more."""
    steady, surplus = [], []
    for looks in trainings:
        each = looks[1].images
        first, *later = [b.seconds - a.seconds for a, b in itertools.pairwise(looks)]
        usual = statistics.median(later or [first])
        steady.append(each / usual)
        surplus.append(first - usual)
    return statistics.median(steady), statistics.median(surplus)


def race(trainings: Trainings, times: dict[str, list[float]], beside: Sequence[str]) -> str:
    """Return the table of the times; ratios are of seeds with which both sides got there."""
    ours = [name for name in beside if name in trainings]
    rows = []
    for name, own in times.items():
        reached = [time for time in own if math.isfinite(time)]
        middle = statistics.median(own)
        rate, surplus = speed(trainings[name])
        cells = [name, figure(middle) if math.isfinite(middle) else "not reached",
                 f"{len(reached)} of {len(own)}", figure(rate), f"{surplus:.1f}"]  # fmt: skip
        for other in ours:
            pairs = [
                a / b
                for a, b in zip(own, times[other], strict=True)
                if math.isfinite(a) and 0 < b < math.inf
            ]
            cells.append("" if other == name else _range(pairs))
        rows.append(cells)
    head = ["", "seconds", "seeds that reached it", "images/s", "of the seconds, at the start"]
    return markdown([*head, *(f"this / {name}" for name in ours)], rows)


def _range(ratios: Sequence[float]) -> str:
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def progress(trainings: Trainings) -> str:
    """Return the table of the distances: rows are images seen, columns are sides."""
    rows = []
    for looks in zip(*(looks for of in trainings.values() for looks in of), strict=True):
        cells = [f"{looks[0].images:,}"]
        for name in trainings:
            values = [look.frechet for look in looks if look.side == name]
            spread = f" ± {figure(statistics.stdev(values))}" if len(values) > 1 else ""
            cells.append(figure(statistics.fmean(values)) + spread)
        rows.append(cells)
    return markdown(["images", *trainings], rows)


def draw_curves(trainings: Trainings, threshold: float, path: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    page = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = page.subplots(1, 2, sharey=True)
    for name, of in trainings.items():
        means = [
            [
                statistics.fmean(getattr(look, of_look) for look in at)
                for at in zip(*of, strict=True)
            ]
            for of_look in ("seconds", "images", "frechet")
        ]
        left.plot(means[0], means[2], marker=".", label=name)
        right.plot(means[1], means[2], marker=".", label=name)
    for axes, label in ((left, "seconds of training"), (right, "images seen")):
        axes.axhline(threshold, color="grey", linestyle="--", linewidth=1)
        axes.set(xlabel=label, yscale="log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(alpha=0.3, which="both")
    left.set_ylabel("Frechet distance to MNIST's test pictures")
    right.legend()
    page.savefig(path, dpi=120)
