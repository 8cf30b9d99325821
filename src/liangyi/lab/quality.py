"""How good the pictures are after the same small budget: a leaderboard that anyone can repeat.

Every model sees as many training pictures, in batches of 64; large networks take part in narrow
versions, named in the table, so that two cores make it in an hour. The cards are those of `liangyi
score`, in the features of the data's own evaluator: they are comparable with each other, not with
figures by Inception.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from liangyi.lab.entry import Entry, entries
from liangyi.lab.experiment import Outcome, Work, experiment
from liangyi.lab.figure import benched
from liangyi.lab.table import Summary, best, markdown, write
from liangyi.lab.table import seeds as said
from liangyi.lab.trial import Trial, failed, finished, place_of
from liangyi.metrics.card import Card, refusal
from liangyi.runs.cards import kept
from liangyi.scoring import score

MODELS = (
    "gan",
    "dcgan:width=32",
    "dcgan-mnist:depth=64,width=16",
    "wgan-gp:width=16",
    "r3gan:width=32",
    "acgan:depth=96,width=8",
)
PICTURES = MODELS
DATA = ("digits", "mnist", "fashion-mnist")
COLUMNS = (
    "frechet",
    "kernel",
    "precision",
    "recall",
    "coverage",
    "nearest_neighbour_accuracy",
    "confidence",
)
_STEPS = {"digits": 1500}  # of 64 pictures; the 1,500 pictures are passed over 64 times
_USUAL = 500  # 32,000 pictures, half a pass over MNIST
_SAMPLES = 2000  # of which, and of as many real pictures, the cards are made
_SIZES = {"acgan": 20}  # pixels that a network needs at least


def trials(
    entries: Sequence[Entry], data: Sequence[str], seeds: int, out: Path, steps: int | None
) -> list[Trial]:
    """Return the trainings of the bench; every entry's first seed comes before any second one."""
    return [
        Trial(entry, name, seed, place_of(out, name) / entry.folder / f"seed-{seed}",
              _recipe(steps or _STEPS.get(name, _USUAL)))
        for seed in range(seeds)
        for name in data
        for entry in entries
        # enlarged digits would be other data, and no card of theirs could be ranked
        if not (name == "digits" and _SIZES.get(entry.model, 0) > 8)
    ]  # fmt: skip


def _recipe(steps: int) -> dict[str, Any]:
    return {"steps": steps, "batch_size": 64, "sample_every": steps, "keep": 1, "log_every": 50,
            "checkpoint_every": max(1, steps // 4), "validate_every": 0}  # fmt: skip


def finish(trial: Trial) -> None:
    """Score a finished training, once."""
    run = trial.run
    if run is not None and not failed(run) and not kept(run):
        score(run, _SAMPLES)


def table(done: Sequence[Trial]) -> tuple[str, list[dict[str, Any]]]:
    """Return a Markdown table for each data set, the best first, and the same as plain values."""
    parts, plain = [], []
    for data in dict.fromkeys(trial.data for trial in done):
        found = _found([trial for trial in done if trial.data == data])
        rows = []
        for name, (seeds, lost, cards) in sorted(found.items(), key=_by_frechet):
            sums = {column: Summary(tuple(c.value for c in cards[column])) for column in cards}
            shown = [str(sums[column]) if column in sums else "" for column in COLUMNS]
            rows.append([f"`{name}`", said(seeds, lost), *shown])
            plain.append({"data": data, "model": name, "seeds": seeds, "failed": lost,
                          **{column: total.json() for column, total in sums.items()}})  # fmt: skip
        every = [cards for *_, cards in found.values() if cards]
        if every:
            floors = [every[0][column][0].floor if column in every[0] else None
                      for column in COLUMNS]  # fmt: skip
            rows.append(["real against real", "",
                         *("" if floor is None else write(floor) for floor in floors)])  # fmt: skip
        parts.append(markdown((data, "seeds", *COLUMNS), rows) + "\n\n" + _terms(every))
    return "\n\n".join(parts) + "\n", plain


Found = dict[str, tuple[int, int, dict[str, list[Card]]]]  # trainings, of which failed, cards


def _found(trials: Sequence[Trial]) -> Found:
    """Return the cards of each entry, column by column; none of trainings that failed."""
    found: Found = {}
    for trial in trials:
        run = trial.run
        seeds, lost, columns = found.get(trial.entry.name, (0, 0, {}))
        for card in kept(run) if run is not None else []:
            if card.metric in COLUMNS:
                columns.setdefault(card.metric, []).append(card)
        lost += run is not None and failed(run)
        found[trial.entry.name] = (seeds + 1, lost, columns)
    return found


def _by_frechet(entry: tuple[str, tuple[int, int, dict[str, list[Card]]]]) -> float:
    cards = entry[1][2].get("frechet", [])
    mean = Summary(tuple(card.value for card in cards)).mean if cards else math.inf
    return math.inf if math.isnan(mean) else mean


def _terms(every: Sequence[dict[str, list[Card]]]) -> str:
    """Say on what the cards were measured, or why they may not be ranked."""
    cards = [card for columns in every for card in columns.get("frechet", [])]
    if not cards:
        return "No training came to its end."
    reason = refusal(cards)
    if reason:
        return f"Not to be ranked: {reason}."
    one = cards[0]
    return (
        f"{one.generated:,} samples, {one.real:,} real pictures ({one.split} split), features of "
        f"{one.features}; mean ± half of the 95 % interval over seeds."
    )


@experiment(
    "How good are the pictures of each GAN after the same small budget?",
    models=MODELS,
    data=DATA,
    quick={"models": ("gan:generator_widths=16+,discriminator_widths=16+",), "data": ("digits",)},
)
def run(work: Work) -> Outcome:
    """Train what is not trained yet."""
    steps = 2 if work.quick else work.terms.steps
    wanted = trials(entries(work.models), work.data, len(work.seeds), work.out, steps)
    text, plain = table(finished(wanted, work.tell, finish))
    words = (
        "on {data} `{model}` comes nearest to the real pictures, at a Frechet distance of {value}"
    )
    seen = best(plain, "frechet", words)
    return Outcome((text.strip(),), plain, seen, figure=benched(plain, "frechet"))
