"""How many modes survive: the table of Lin et al., "PacGAN", arXiv:1712.04086, tables 1 and 2.

The laws, the counting and the 2,500 samples (26,000 for stacked MNIST) are the paper's; networks
and budgets are smaller, so that two cores make a seed in a quarter of an hour: fewer steps, at a
higher rate. A pack learns as well as a single item but later: after 10,000 steps on the grid one
sample in ten is near a mode, after 40,000 nine in ten.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from liangyi.core.errors import UserError
from liangyi.lab.entry import Entry, entries
from liangyi.lab.experiment import Outcome, Work, experiment
from liangyi.lab.figure import benched
from liangyi.lab.table import Summary, best, markdown
from liangyi.lab.table import seeds as said
from liangyi.lab.trial import Trial, failed, finished
from liangyi.runs.run import Run

MODELS = ("gan", "gan:pack=2", "gan:pack=3", "gan:pack=4", "wgan-gp", "r3gan")
PICTURES = ("dcgan", "dcgan:pack=2", "r3gan")  # on stacked MNIST
DATA = ("ring", "grid")
TOTAL = {"ring": 8, "grid": 25, "stacked-mnist": 1000}
COLUMNS = ("modes", "high_quality", "reverse_kl")

_SMALL = {"log_every": 500, "examine_every": 500, "keep": 1}
_WIDTHS = {"generator_widths": (128, 128, 128), "discriminator_widths": (128, 128, 128)}
POINTS: dict[str, dict[str, Any]] = {
    "gan": {"latent": 2, "learning_rate": 1e-3, "steps": 40_000, "batch_size": 128, **_WIDTHS},
    # the authors' own penalty for such toys; the one for pictures, 10, would drown the distance
    "wgan-gp": {"latent": 2, "width": 16, "penalty": 0.1, "learning_rate": 1e-3, "steps": 4000,
                "batch_size": 256},
    "r3gan": {"latent": 2, "learning_rate": 2e-3, "betas": (0.0, 0.999), "steps": 10_000,
              "decay_steps": 10_000, "batch_size": 512},
}  # fmt: skip
STACKED: dict[str, dict[str, Any]] = {
    "dcgan": {"width": 32, "steps": 4000, "batch_size": 64},
    "wgan-gp": {"width": 32, "steps": 2000, "batch_size": 64},
    "r3gan": {"width": 32, "steps": 4000, "batch_size": 64},
}

# their tables 1 and 2 (means of ten trials): modes, share of high quality, reverse KL
PUBLISHED: dict[str, dict[str, tuple[str, str, str]]] = {
    "ring": {
        "GAN": ("6.3 ± 0.5", "0.982", "0.45"),
        "PacGAN2": ("7.9 ± 0.1", "0.956", "0.07"),
        "PacGAN3": ("7.8", "0.977", "0.10"),
        "PacGAN4": ("7.8", "0.959", "0.07"),
    },
    "grid": {
        "GAN": ("17.3 ± 0.8", "0.948", "0.70"),
        "PacGAN2": ("23.8", "0.913", "0.13"),
        "PacGAN3": ("24.6", "0.942", "0.06"),
        "PacGAN4": ("24.8 ± 0.2", "0.936", "0.04"),
    },
    "stacked-mnist": {
        "DCGAN": ("78.9 ± 6.5", "", "4.50"),
        "PacDCGAN2": ("1000 ± 0", "", "0.06"),
    },
}


def trials(
    entries: Sequence[Entry], data: Sequence[str], seeds: int, out: Path, steps: int | None
) -> list[Trial]:
    """Return the trainings of the bench; every entry's first seed comes before any second one.

    Raises:
        UserError: there is no truth about the modes of such data.
    """
    for name in data:
        if name not in TOTAL:
            raise UserError(f"the modes of {name} are not known; there are: {', '.join(TOTAL)}")
    return [
        Trial(
            entry,
            name,
            seed,
            out / name / entry.folder / f"seed-{seed}",
            _recipe(entry, name, steps),
        )
        for seed in range(seeds)
        for name in data
        for entry in entries
    ]


def _recipe(entry: Entry, data: str, steps: int | None) -> dict[str, Any]:
    recipe = dict((STACKED if data == "stacked-mnist" else POINTS).get(entry.model, {}))
    if data != "stacked-mnist":
        # a pack is judged as one: as many packs a step as the others have items
        recipe["batch_size"] = recipe.get("batch_size", 128) * entry.settings.get("pack", 1)
    recipe |= {"steps": steps} if steps else {}
    if "decay_steps" in recipe:
        recipe["decay_steps"] = recipe["steps"]
    ends = recipe.get("steps", 10_000)
    paces = {"sample_every": ends, "checkpoint_every": max(1, ends // 4), "validate_every": 0}
    return {**_SMALL, **recipe, **paces}


def result(trial: Trial) -> dict[str, float] | None:
    """Return what a finished trial covered, None where its training failed."""
    run = trial.run
    if run is None or failed(run):
        return None
    if trial.data == "stacked-mnist":
        return _stacked(run)
    line = run.lines()[-1]
    return {name: line[f"truth/{name}"] for name in COLUMNS}


def _stacked(run: Run) -> dict[str, float]:
    """Count the triples of digits among 26,000 samples; the count is kept beside the run."""
    path = run.beside("modes.json")
    if not path.exists():
        import torch

        from liangyi.core import files
        from liangyi.core.verbs import samples
        from liangyi.data import choose
        from liangyi.metrics.modes import modes
        from liangyi.scoring.evaluator import evaluator_of

        model = run.model()
        evaluator = evaluator_of(
            choose("mnist", data_root=run.plain["data"]["data_root"]), thorough=True
        )
        found = samples(model, 26_000)
        digit = torch.stack([evaluator.classes(found[:, c : c + 1], model.image_range)
                             for c in range(3)])  # fmt: skip
        number = digit[0] * 100 + digit[1] * 10 + digit[2]
        counted = modes(
            number, torch.ones(len(number), dtype=torch.bool, device=number.device), 1000
        )
        files.write(path, json.dumps({name: counted[name] for name in COLUMNS}))
    found_before: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return found_before


def table(done: Sequence[Trial]) -> tuple[str, list[dict[str, Any]]]:
    """Return the Markdown tables of the finished trials, and the same as plain values."""
    parts, plain = [], []
    for data in dict.fromkeys(trial.data for trial in done):
        rows = []
        for name in dict.fromkeys(trial.entry.name for trial in done if trial.data == data):
            own = [trial for trial in done if (trial.data, trial.entry.name) == (data, name)]
            found = [(trial.seed, result(trial)) for trial in own]
            good = [values for _, values in found if values is not None]
            facts = {"data": data, "model": name, "seeds": [seed for seed, _ in found],
                     "failed": len(own) - len(good)}  # fmt: skip
            if not good:
                rows.append([f"`{name}`", str(len(own)), "failed", "", ""])
                plain.append(facts)
                continue
            sums = {c: Summary(tuple(values[c] for values in good)) for c in COLUMNS}
            full = sum(values["modes"] == TOTAL[data] for values in good)
            rows.append([f"`{name}`", said(len(own), len(own) - len(good)),
                         f"{sums['modes']} ({full} x all)",
                         str(sums["high_quality"]), str(sums["reverse_kl"])])  # fmt: skip
            plain.append(facts | {c: s.json() for c, s in sums.items()})
        rows += [[f"{name} (published)", "10", *values]
                 for name, values in PUBLISHED.get(data, {}).items()]  # fmt: skip
        head = (data, "seeds", f"modes of {TOTAL[data]:,}", "high quality", "reverse KL, nats")
        parts.append(markdown(head, rows))
    return "\n\n".join(parts) + "\n", plain


@experiment(
    "How many modes survive on ring, grid and stacked MNIST, as in the table of PacGAN?",
    models=MODELS,
    data=DATA,
    quick={"models": ("gan", "gan:pack=2"), "data": ("ring",)},
)
def run(work: Work) -> Outcome:
    """Train what is not trained yet."""
    steps = 20 if work.quick else work.terms.steps
    usual = PICTURES if work.data == ("stacked-mnist",) and work.models == MODELS else work.models
    wanted = trials(entries(usual), work.data, len(work.seeds), work.out, steps)
    text, plain = table(finished(wanted, work.tell, result))
    seen = best(plain, "modes", "on {data} `{model}` covers the most modes, {value}", max)
    return Outcome((text.strip(),), plain, seen, figure=benched(plain, "modes"))
