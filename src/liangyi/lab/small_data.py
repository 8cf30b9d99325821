"""How few pictures do for a GAN, and what augmentation of what the discriminator sees mends.

The same DCGAN learns from so many pictures of each class, plainly, with DiffAugment
(arXiv:2006.10738) and with adaptive augmentation (arXiv:2006.06676). Quality is measured against
held-out pictures in the features of an evaluator that knows all of the data, not of the few; what
is learned by heart and what the doctor says, against the few.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liangyi.core import files
from liangyi.doctor.diagnosis import diagnose, verdicts_of
from liangyi.lab.drawing import Examiner
from liangyi.lab.entry import Entry, entries
from liangyi.lab.experiment import Outcome, Work, experiment, percent, said
from liangyi.lab.figure import finite, panels
from liangyi.lab.table import Summary, markdown
from liangyi.lab.trial import Trial, failed, finished, place_of
from liangyi.runs.copies import kept_copies
from liangyi.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# five times the usual rate: at that a training this short says nothing, of however many pictures
MODELS = (
    "dcgan:width=16,learning_rate=0.001",
    "dcgan:width=16,learning_rate=0.001,augment=diffaugment",
    "dcgan:width=16,learning_rate=0.001,augment=ada",
)
DATA = ("mnist",)
SIZES = (10, 30, 100, 500)  # pictures of each class
_STEPS, _LOOKS = 4000, 20
COLUMNS = ("frechet", "precision", "coverage", "memorised")


def trials(
    found: Sequence[Entry], data: str, sizes: Sequence[int], seeds: int, out: Path, steps: int
) -> list[Trial]:
    """Return the trainings; every first seed comes before any second one."""
    recipe = {"steps": steps, "batch_size": 64, "sample_every": steps, "keep": 1,
              "checkpoint_every": max(1, steps // 4), "validate_every": 0,
              "examine_every": max(1, steps // _LOOKS)}  # fmt: skip
    return [
        Trial(own, data, seed, place_of(out, data) / own.folder / f"seed-{seed}", recipe)
        for seed in range(seeds)
        for size in sizes
        for own in entries([sized(entry, size) for entry in found])
    ]


def sized(entry: Entry, size: int) -> str:
    """Return the name of an entry that learns from so many pictures of each class."""
    return f"{entry.name}{',' if entry.settings else ':'}per_class={size}"


def way_of(entry: Entry) -> str:
    """Return the name of an entry without the number of pictures."""
    return re.sub(r"[:,]per_class=\d+$", "", entry.name)


def finish(trial: Trial, examiner: Examiner) -> None:
    """Examine a finished training, and ask the doctor, once."""
    run, path = trial.run, _kept(trial)
    if run is not None and not path.exists():
        files.write(path, json.dumps(_found(run, examiner)))


def _kept(trial: Trial) -> Path:
    return trial.path / "small-data.json"


def _found(run: Run, examiner: Examiner) -> dict[str, Any]:
    if failed(run):  # perhaps before the doctor's first look
        known = [verdict.name for verdict in verdicts_of(run)]
        return {**examiner.of_model(None), "memorised": None, "verdicts": known}
    verdicts = [verdict.name for verdict in diagnose(run)]
    copies = kept_copies(run)
    return {**examiner.of_model(run.model()), "verdicts": verdicts,
            "memorised": None if copies is None else copies.share}  # fmt: skip


@experiment(
    "How few pictures are enough for a GAN, and what does augmentation mend?",
    models=MODELS,
    data=DATA,
    quick={"data": ("digits",)},
)
def run(work: Work) -> Outcome:
    """Train on few pictures what is not trained yet, and examine it."""
    steps = work.steps(_STEPS, 2)
    sizes = SIZES[:1] if work.quick else SIZES
    tables, rows = [], list[dict[str, Any]]()
    for data in work.data:
        examiner = Examiner.of(data, work.tell)
        wanted = trials(entries(work.models), data, sizes, len(work.seeds), work.out, steps)
        done = finished(wanted, work.tell, partial(finish, examiner=examiner))
        own = _rows(done)
        cells = [_cells(row) for row in own]
        floors = [said(examiner.floor[column]) for column in COLUMNS[:-1]]
        # as many as samples, from all training pictures: no row has learned from these
        cells.append(["real pictures", f"{examiner.train.size:,}", *floors, "", ""])
        tables.append(markdown((data, "pictures", *COLUMNS, "the doctor says"), cells))
        rows += own
    return Outcome(tables, rows, _seen(rows), figure=_figure(rows))


def _rows(done: Sequence[Trial]) -> list[dict[str, Any]]:
    """Return one row for each entry: what was found in its trainings."""
    found: dict[str, dict[str, Any]] = {}
    for trial in done:
        one = json.loads(_kept(trial).read_text(encoding="utf-8"))
        row = found.setdefault(trial.entry.name, {
            "data": trial.data, "way": way_of(trial.entry),
            "size": trial.entry.settings["per_class"],
            "pictures": trial.run.data(trial.run.source()).size if trial.run else 0,
            **{column: [] for column in COLUMNS}, "verdicts": [],
        })  # fmt: skip
        for column in COLUMNS:
            row[column].append(one[column])
        row["verdicts"] += one["verdicts"]
    return list(found.values())


def _cells(row: dict[str, Any]) -> list[str]:
    sums = [finite(row[column]) for column in COLUMNS]
    # copies cannot be told everywhere
    none = "failed" if _lost(row) == len(row["frechet"]) else ""
    shown = [str(total) if total.values else none for total in sums]
    shown[0] += f" ({_lost(row)} failed)" if _lost(row) and sums[0].values else ""
    counts = {name: row["verdicts"].count(name) for name in dict.fromkeys(row["verdicts"])}
    said_of = ", ".join(f"{name} ({count})" for name, count in counts.items())
    return [row["way"], f"{row['pictures']:,}", *shown, said_of]


def _mean(row: dict[str, Any], column: str) -> float | None:
    found: Summary = finite(row[column])
    return found.mean if found.values else None


def _lost(row: dict[str, Any]) -> int:
    """Return how many trainings failed."""
    return list(row["frechet"]).count(None)


def _seen(rows: list[dict[str, Any]]) -> str:
    parts = []
    for data, count in dict.fromkeys((row["data"], row["pictures"]) for row in rows):
        own = [row for row in rows if (row["data"], row["pictures"]) == (data, count)]
        own = [row for row in own if _mean(row, "frechet") is not None]
        if own:
            # a mean of those that were left is none of a way that one would take
            best = min(own, key=lambda row: (_lost(row), _mean(row, "frechet")))
            copied = _mean(best, "memorised")
            also = "" if copied is None else f", {percent(copied)} near copies"
            also += f", {_lost(best)} of {len(best['frechet'])} failed" if _lost(best) else ""
            distance = _mean(best, "frechet") or 0.0
            nearer = any((_mean(row, "frechet") or 0.0) < distance for row in own)
            also += ", of those that failed least" if nearer else ""
            parts.append(f"{count:,} pictures of {data} `{best['way']}` ({said(distance)}{also})")
    return f"Nearest to held-out pictures comes, of {'; of '.join(parts)}." if parts else (
        "No training came to its end."
    )  # fmt: skip


def _figure(rows: list[dict[str, Any]]) -> Figure:
    figure, places = panels(1, len(COLUMNS), 3.6, 3.2)
    for axes, column in zip(places, COLUMNS, strict=True):
        for data, way in dict.fromkeys((row["data"], row["way"]) for row in rows):
            own = [row for row in rows if (row["data"], row["way"]) == (data, way)]
            own = [row for row in own if _mean(row, column) is not None]
            sums = [finite(row[column]) for row in own]
            axes.errorbar([row["pictures"] for row in own], [total.mean for total in sums],
                          [total.half or 0.0 for total in sums], fmt="o-", capsize=3,
                          label=f"{data}, {way}")  # fmt: skip
        axes.set(xscale="log", xlabel="pictures learned from", title=column)
        counts = sorted({row["pictures"] for row in rows})
        axes.set_xticks(counts, [f"{count:,}" for count in counts])
        axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    places[0].set_yscale("log")
    figure.legend(*places[0].get_legend_handles_labels(), loc="outside lower center", fontsize=8)
    return figure
