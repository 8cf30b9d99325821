"""How near the smallest GANs come to a curve, and how evenly they cover it.

Two laws with an exact truth: points on y = x^2, and an artist's lines of 15 points with one number
a. The two losses of Goodfellow et al., arXiv:1406.2661, stand side by side under equal settings:
the minimax game of equation 1 and the non-saturating one of section 3. Networks, rates and steps
are those of the tutorials that made these laws known; without averaged weights one sees how much
the last step decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from liangyi.core import draw
from liangyi.core.errors import UserError
from liangyi.data import choose
from liangyi.lab.entry import Entry, entries
from liangyi.lab.experiment import Outcome, Work, experiment
from liangyi.lab.figure import benched
from liangyi.lab.table import Summary, best, markdown
from liangyi.lab.table import seeds as said
from liangyi.lab.trial import Trial, failed, finished

MODELS = ("gan-1d", "gan-1d:average=0.0", "gan", "gan-minimax")
PICTURES = MODELS
DATA = ("parabola", "artist")
COLUMNS = {
    "parabola": ("off_curve", "wasserstein_of_x", "kolmogorov_of_x"),
    "artist": ("off_curve", "wasserstein_of_a", "kolmogorov_of_a"),
}
_COUNT = 2500  # items that a training is judged by at its end, and the law beside it
_FLOORS = 10  # times that the law is judged by itself
_PACE = {"log_every": 500, "examine_every": 0, "keep": 1, "steps": 10_000}
_CURVE = {"generator_widths": (15,), "discriminator_widths": (25,), "slope": 0.0,
          "learning_rate": 1e-3, "betas": (0.9, 0.999), "batch_size": 128}  # fmt: skip
_LINES = {"generator_widths": (128,), "discriminator_widths": (128,), "slope": 0.0,
          "learning_rate": 1e-4, "betas": (0.9, 0.999), "batch_size": 64}  # fmt: skip
_RECIPES: dict[str, dict[str, Any]] = {
    "parabola": {"latent": 5, **_CURVE},
    "artist": {"latent": 5, **_LINES},
}


def trials(
    entries: Sequence[Entry], data: Sequence[str], seeds: int, out: Path, steps: int | None
) -> list[Trial]:
    """Return the trainings of the bench; every entry's first seed comes before any second one.

    Raises:
        UserError: the data is no curve whose law is known.
    """
    for name in data:
        if name not in COLUMNS:
            raise UserError(f"{name} is no known curve; there are: {', '.join(COLUMNS)}")
    return [
        Trial(entry, name, seed, out / name / entry.folder / f"seed-{seed}", _recipe(name, steps))
        for seed in range(seeds)
        for name in data
        for entry in entries
    ]


def _recipe(data: str, steps: int | None) -> dict[str, Any]:
    recipe = _PACE | _RECIPES[data] | ({"steps": steps} if steps else {})
    ends = recipe["steps"]
    return recipe | {"sample_every": ends, "checkpoint_every": ends}


def result(trial: Trial) -> dict[str, float] | None:
    """Return what the law says of a finished trial, None where its training failed."""
    run = trial.run
    if run is None or failed(run):
        return None
    line = run.lines()[-1]
    return {name: line[f"truth/{name}"] for name in COLUMNS[trial.data]}


def floors(data: str) -> dict[str, Summary]:
    """Return what the law says of as many items of its own."""
    law, found = choose(data), []
    for number in range(_FLOORS):
        items = law.draw(_COUNT, draw.generator(number, "floor"))["point"]
        assert isinstance(items, torch.Tensor)
        found.append(law.truth(items))
    return {name: Summary(tuple(one[name] for one in found)) for name in COLUMNS[data]}


def table(done: Sequence[Trial]) -> tuple[str, list[dict[str, Any]]]:
    """Return a Markdown table for each law, in thousandths, and the same as plain values."""
    parts, plain = [], []
    for data in dict.fromkeys(trial.data for trial in done):
        columns, rows = COLUMNS[data], []
        for name in dict.fromkeys(trial.entry.name for trial in done if trial.data == data):
            own = [trial for trial in done if (trial.data, trial.entry.name) == (data, name)]
            good = [values for values in map(result, own) if values is not None]
            sums = (
                {c: Summary(tuple(values[c] for values in good)) for c in columns} if good else {}
            )
            lost = len(own) - len(good)
            rows.append([f"`{name}`", said(len(own), lost), *_cells(sums, columns)])
            plain.append({"data": data, "model": name, "seeds": len(own), "failed": lost,
                          **{c: total.json() for c, total in sums.items()}})  # fmt: skip
        rows.append(["the law itself", str(_FLOORS), *_cells(floors(data), columns)])
        head = (f"{data}, thousandths", "seeds", *columns)
        parts.append(markdown(head, rows))
    return "\n\n".join(parts) + "\n", plain


def _cells(sums: dict[str, Summary], columns: Sequence[str]) -> list[str]:
    if not sums:
        return ["failed", *[""] * (len(columns) - 1)]
    return [str(Summary(tuple(1000 * value for value in sums[c].values))) for c in columns]


@experiment(
    "How near do the smallest GANs come to a curve, minimax beside non-saturating?",
    models=MODELS,
    data=DATA,
    quick={"models": ("gan-1d", "gan-minimax"), "data": ("parabola",)},
)
def run(work: Work) -> Outcome:
    """Train what is not trained yet."""
    steps = 20 if work.quick else work.terms.steps
    named = entries(work.models)
    wanted = trials(named, work.data, len(work.seeds), work.out, steps)
    text, plain = table(finished(wanted, work.tell))
    words = "on {data} `{model}` ends nearest to the curve, {value} off it"
    seen = best(plain, "off_curve", words)
    return Outcome((text.strip(),), plain, seen, figure=benched(plain, "off_curve"))
