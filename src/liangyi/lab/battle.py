"""GANs against each other, in pairs: the generative adversarial metric (arXiv:1602.05110).

Every model is trained for as many steps; then each discriminator judges real pictures that were
held out and the samples of the others. Discriminators are those of the averaged weights, as all
that a finished training shows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from liangyi.core import registry, verbs
from liangyi.core.errors import UserError
from liangyi.core.model import Model, evaluating
from liangyi.core.spec import Pixels
from liangyi.data import Dataset
from liangyi.lab.entry import Entry, entries
from liangyi.lab.experiment import Outcome, Work, experiment
from liangyi.lab.figure import dots, finite, panels
from liangyi.lab.table import Summary, markdown
from liangyi.lab.trial import Trial, failed, finished, place_of
from liangyi.metrics.battle import Battle, mistakes
from liangyi.runs.run import Run

MODELS = ("gran:timesteps=1", "gran:timesteps=3")
PICTURES = MODELS
DATA = ("mnist",)
_SMALL = "gan:generator_widths=16+,discriminator_widths=16+"  # for a quick look
_STEPS = 2000
_SAMPLES = 2000  # of each, and real items
_PART = 250  # items that are judged together


def trials(
    entries: Sequence[Entry], data: Sequence[str], seeds: int, out: Path, steps: int | None
) -> list[Trial]:
    """Return the trainings of the bench; every entry's first seed comes before any second one.

    Raises:
        UserError: there are no two models, one has no discriminator that says real or generated,
            one cannot judge what another draws, or nothing is held out of the data.
    """
    if len(entries) < 2:
        raise UserError("a battle is between two models or more", setting="models")
    for entry in entries:
        if registry.find(entry.model).adversary != "logits":
            raise UserError(f"{entry.model} has no discriminator that says real or generated")
    recipe = {"steps": steps or _STEPS, "batch_size": 64, "sample_every": steps or _STEPS,
              "keep": 1, "validate_every": 0}  # fmt: skip
    wanted = [
        Trial(entry, name, seed, place_of(out, name) / entry.folder / f"seed-{seed}", recipe)
        for seed in range(seeds)
        for name in data
        for entry in entries
    ]
    for trial in wanted[: len(data) * len(entries) : len(entries)]:  # now, not after all trainings
        if not isinstance(trial.source().split("test"), Dataset):
            raise UserError(f"nothing is held out of {trial.data}, so nobody can judge fairly")
    for name in data:
        models = [t.untrained() for t in wanted if (t.data, t.seed) == (name, 0)]
        for one, other in itertools.permutations(models, 2):
            _demand_alike(one, other)
            seen(verbs.generated(one, 2), one, other)
    return wanted


def battle(one: Run, other: Run, count: int = _SAMPLES) -> Battle:
    """Let two trained models play, over as many samples as held-out items.

    Raises:
        UserError: they draw unlike things, or nothing is held out of the first one's data.
    """
    held_out = one.source().split("test")
    models = (one.model(), other.model())
    _demand_alike(*models)
    if not isinstance(held_out, Dataset):
        raise UserError(f"nothing is held out of {one.data_name}, so nobody can judge fairly")
    count = min(count, held_out.size)
    real = [mistakes(word(m, held_out.some(count, m.Batch, m.device, m.image_range)), True)
            for m in models]  # fmt: skip
    first, second = (verbs.generated(model, count) for model in models)
    crossed = (
        mistakes(word(models[0], seen(second, models[1], models[0])), False),
        mistakes(word(models[1], seen(first, models[0], models[1])), False),
    )
    return Battle((real[0], real[1]), crossed)


def _demand_alike(one: Model, other: Model) -> None:
    if one.spec != other.spec:
        raise UserError(f"{one.name()} and {other.name()} draw unlike things; no battle of them")


def seen(batch: Any, of: Model, by: Model) -> Any:
    """Return a generated batch in the range of the model that shall judge it.

    Raises:
        UserError: it lacks what that model judges by.
    """
    lacking = set(by.Batch._fields) - set(batch._fields)
    if lacking:
        raise UserError(f"{by.name()} judges by {', '.join(sorted(lacking))}, which {of.name()} "
                        "does not draw")  # fmt: skip
    given = batch._asdict()
    if isinstance(by.spec.created, Pixels):  # words and points are the same to everybody
        (low, high), (least, most) = of.image_range, by.image_range
        given[by.spec.item] = (given[of.spec.item] - low) / (high - low) * (most - least) + least
    return by.Batch(**{name: given[name] for name in by.Batch._fields})


def word(model: Model, batch: Any) -> Tensor:
    """Return the discriminator's logits of a batch."""
    parts = zip(*(column.split(_PART) for column in batch), strict=True)
    with evaluating(model):
        return torch.cat([model.judgement(type(batch)(*(x.to(model.device) for x in part))).cpu()
                          for part in parts])  # fmt: skip


def table(done: Sequence[Trial]) -> tuple[str, list[dict[str, Any]]]:
    """Return a Markdown table of all pairs for each data set, and the same as plain values."""
    parts, plain = [], []
    for data in dict.fromkeys(trial.data for trial in done):
        own = [trial for trial in done if trial.data == data]
        rows = []
        for one, other in itertools.combinations(dict.fromkeys(t.entry.name for t in own), 2):
            played = _played(own, one, other)
            if not played:
                rows.append([f"`{one}`", f"`{other}`", "0", "", "", "", ""])
                continue
            sums = {
                "test_ratio": Summary(tuple(each.test_ratio for each in played)),
                "sample_ratio": Summary(tuple(each.sample_ratio for each in played)),
            }
            won = [sum(each.winner() == place for each in played) for place in (0, 1)]
            rows.append([f"`{one}`", f"`{other}`", str(len(played)),
                         *map(str, sums.values()), *map(str, won)])  # fmt: skip
            plain.append({"data": data, "first": one, "second": other, "seeds": len(played),
                          **{name: total.json() for name, total in sums.items()},
                          "first_won": won[0], "second_won": won[1]})  # fmt: skip
        head = (data, "against", "seeds", "r_test", "r_samples", "first won", "second won")
        parts.append(markdown(head, rows))
    return "\n\n".join(parts) + "\n\n" + _TERMS, plain


_TERMS = (
    "Ratios of the discriminators' mistakes, the first model's over the second's: on held-out "
    "items (about 1 is a fair battle) and on each other's samples (below 1 the first wins). A "
    "battle is won where r_test is within a fifth of 1.\n"
)


def _played(trials: Sequence[Trial], one: str, other: str) -> list[Battle]:
    """Return the battle of each seed of which both trainings came to their end."""
    runs = {(trial.entry.name, trial.seed): trial.run for trial in trials}
    found = []
    for seed in sorted({trial.seed for trial in trials}):
        pair = runs.get((one, seed)), runs.get((other, seed))
        if pair[0] and pair[1] and not failed(pair[0]) and not failed(pair[1]):
            found.append(battle(pair[0], pair[1]))
    return found


@experiment(
    "Whose discriminator is fooled less by the other's samples, by GRAN's own metric?",
    models=MODELS,
    data=DATA,
    quick={
        "models": (f"{_SMALL},slope=0.1", _SMALL),
        "data": ("digits",),
    },
)
def run(work: Work) -> Outcome:
    """Train what is not trained yet."""
    steps = 2 if work.quick else work.terms.steps
    named = entries(work.models)
    wanted = trials(named, work.data, len(work.seeds), work.out, steps)
    text, plain = table(finished(wanted, work.tell))
    pairs = {f"{row['first']} against {row['second']} on {row['data']}": row for row in plain}
    said = [f"{name}: {row['first_won']} to {row['second_won']} of {row['seeds']} battles"
            for name, row in pairs.items()]  # fmt: skip
    figure, (axes,) = panels(1, 1, 9, 1.0 + 0.5 * len(pairs))
    ratios = {name: finite(r["sample_ratio"]["values"]) for name, r in pairs.items()}
    ratios = {name.replace(" against ", "\nagainst "): total for name, total in ratios.items()}
    dots(axes, ratios, "mistakes on the other's samples, first over second")
    seen = "; ".join(said) + "." if said else "No two trainings came to their end."
    return Outcome((text.strip(),), plain, seen, figure=figure)
