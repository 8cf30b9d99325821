"""Truncation: samples that are more usual, and less various, the nearer their noise is to zero.

Brock, Donahue and Simonyan, "Large scale GAN training", arXiv:1809.11096, section 3.1. A model is
trained once; then it draws the same number of samples with its normal noise kept within so many
deviations. Precision should rise as noise is cut, recall fall; the Frechet distance sees both.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liangyi.core import files
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels
from liangyi.core.verbs import samples
from liangyi.lab.entry import Entry, entries
from liangyi.lab.experiment import Outcome, Work, experiment
from liangyi.lab.figure import panels
from liangyi.lab.table import Summary, markdown, write
from liangyi.lab.trial import Trial, failed, finished, place_of
from liangyi.metrics.frechet import frechet, gaussian
from liangyi.metrics.neighbours import manifold
from liangyi.runs.run import Run
from liangyi.scoring.evaluator import evaluator_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODELS = ("sngan:width=32",)
DATA = ("mnist",)
COLUMNS = ("precision", "recall", "coverage", "frechet")
_MOVED = {"precision": "precision", "recall": "recall", "frechet": "the Frechet distance"}
LIMITS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, None)  # deviations; the last is all noise
_SAMPLES, _STEPS = 2000, 6000


def trials(
    entries: Sequence[Entry], data: Sequence[str], seeds: int, out: Path, steps: int | None
) -> list[Trial]:
    """Return the trainings of the bench; every entry's first seed comes before any second one.

    Raises:
        UserError: a model draws no normal noise, or no pictures.
    """
    ends = steps or _STEPS
    paces = {"sample_every": ends, "checkpoint_every": max(1, ends // 4), "validate_every": 0}
    recipe = {"steps": ends, "keep": 1, **paces}
    wanted = [
        Trial(entry, name, seed, place_of(out, name) / entry.folder / f"seed-{seed}", recipe)
        for seed in range(seeds)
        for name in data
        for entry in entries
    ]
    for trial in wanted[: len(data) * len(entries)]:  # now, not after all trainings
        model = trial.untrained()
        samples(model, 1, truncation=1.0)
        if not isinstance(model.spec.created, Pixels):
            raise UserError(f"{trial.data} has no pictures to evaluate", setting="data")
    return wanted


def finish(trial: Trial) -> None:
    """Measure a finished training at every limit, once."""
    run = trial.run
    if run is not None and not failed(run):
        measured(run)


def measured(run: Run) -> list[dict[str, float]]:
    """Return the figures of a run at each of the limits; they are kept beside it.

    Raises:
        UserError: the model draws no normal noise, or learned from nothing that has pictures.
    """
    path = run.beside("truncation.json")
    if not path.exists():
        source, model = run.source(), run.model()
        evaluator = evaluator_of(source, model.spec.item)
        held_out = source.split("test") or source.split("train")
        assert held_out is not None
        scale = model.image_range
        shown = held_out.some(_SAMPLES, model.Batch, model.device, scale)
        real = evaluator.features(getattr(shown, model.spec.item), scale)
        rows = []
        for limit in LIMITS:
            drawn = evaluator.features(samples(model, _SAMPLES, truncation=limit), scale)
            near = manifold(real, drawn)
            figures = {name: float(getattr(near, name).mean()) for name in COLUMNS[:3]}
            rows.append(figures | {"frechet": frechet(gaussian(real), gaussian(drawn))})
        files.write(path, json.dumps(rows))
    before: list[dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))
    return before


def table(done: Sequence[Trial]) -> tuple[str, list[dict[str, Any]]]:
    """Return a Markdown table for each data set, and the same as plain values."""
    parts, plain = [], []
    for data in dict.fromkeys(trial.data for trial in done):
        rows = []
        for name in dict.fromkeys(trial.entry.name for trial in done if trial.data == data):
            own = [t for t in done if (t.data, t.entry.name) == (data, name)]
            runs = [t.run for t in own if t.run is not None and not failed(t.run)]
            for limit, each in zip(LIMITS, zip(*map(measured, runs), strict=True), strict=False):
                sums = {c: Summary(tuple(one[c] for one in each)) for c in COLUMNS}
                rows.append([f"`{name}`", _within(limit), str(len(runs)), *map(str, sums.values())])
                facts = {"data": data, "model": name, "truncation": limit, "seeds": len(runs)}
                plain.append(facts | {c: s.json() for c, s in sums.items()})
        parts.append(markdown((data, "truncation", "seeds", *COLUMNS), rows))
    return "\n\n".join(parts) + "\n", plain


def _within(limit: float | None) -> str:
    return "all" if limit is None else f"{limit:g}"


def _seen(plain: Sequence[dict[str, Any]]) -> str:
    """Say what the smallest limit does beside all noise, of each model on each data."""
    parts = []
    for place in range(0, len(plain), len(LIMITS)):
        least, whole = plain[place], plain[place + len(LIMITS) - 1]
        moves = [f"{words} from {write(whole[column]['mean'])} to {write(least[column]['mean'])}"
                 for column, words in _MOVED.items()]  # fmt: skip
        parts.append(f"of `{least['model']}` on {least['data']}, {', '.join(moves)}")
    if not parts:
        return "No training came to its end."
    return f"Noise within {LIMITS[0]:g} deviations moves, {'; '.join(parts)}."


def _figure(plain: Sequence[dict[str, Any]]) -> Figure:
    """Draw precision against recall, from little noise to all of it."""
    figure, (axes,) = panels(1, 1, 5, 4)
    for key in dict.fromkeys((one["data"], one["model"]) for one in plain):
        own = [one for one in plain if (one["data"], one["model"]) == key]
        recall, precision = ([one[c]["mean"] for one in own] for c in ("recall", "precision"))
        axes.plot(recall, precision, "o-", label=f"{key[1]}, {key[0]}")
        limits: dict[tuple[float, float], list[str]] = {}  # of what lies at one place, one text
        for one, x, y in zip(own, recall, precision, strict=True):
            limits.setdefault((round(x, 2), round(y, 2)), []).append(_within(one["truncation"]))
        for place, names in limits.items():
            axes.annotate(", ".join(names), place, rotation=45,
                          xytext=(2, 4), textcoords="offset points", fontsize=8)  # fmt: skip
    axes.margins(y=0.2)
    axes.set(xlabel="recall", ylabel="precision")
    axes.legend(frameon=False)
    return figure


@experiment(
    "What is won and lost where noise is kept near zero?",
    models=MODELS,
    data=DATA,
    quick={"models": ("sngan:width=8",), "data": ("digits",)},
)
def run(work: Work) -> Outcome:
    """Train what is not trained yet, and measure it at every limit."""
    steps = 2 if work.quick else work.terms.steps
    wanted = trials(entries(work.models), work.data, len(work.seeds), work.out, steps)
    text, plain = table(finished(wanted, work.tell, finish))
    return Outcome((text.strip(),), plain, _seen(plain), figure=_figure(plain))
