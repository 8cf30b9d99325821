"""What goes wrong in a training: the doctor reads the log and looks at the newest checkpoint."""

from __future__ import annotations

import torch

from liangyi import fields
from liangyi.core.errors import UserError
from liangyi.core.verbs import samples
from liangyi.data import Dataset
from liangyi.doctor.rules import Facts, verdicts, with_copies
from liangyi.doctor.verdict import Verdict
from liangyi.metrics.memorisation import memorisation
from liangyi.runs.cards import kept
from liangyi.runs.run import Run

_LOOKED_UP = 500  # samples that are searched for among the training items
_HELD_OUT = 2000  # items that tell how near strangers come


def diagnose(run: Run) -> list[Verdict]:
    """Return the verdicts about a run, the gravest first.

    Raises:
        UserError: nothing was trained yet, or without signals; or the data is not there any more.
    """
    lines = run.lines()
    if not lines:
        raise UserError(f"{run.path} has learned nothing yet; `liangyi resume {run.path}`")
    if not _has_signals(lines):
        raise UserError(
            f"{run.path} was trained without the doctor's signals; train with 250 steps between "
            "them",
            setting="examine_every",
        )
    found = verdicts(lines, Facts.of(run))
    copies = _copies(run)
    return found if copies is None else with_copies(found, *copies)


def verdicts_of(run: Run) -> list[Verdict]:
    """Return what the doctor says from the log and from the scores; nothing without signals."""
    lines = run.lines()
    if not _has_signals(lines):
        return []
    found = verdicts(lines, Facts.of(run))
    for card in kept(run):
        if card.metric == "memorised" and card.error is not None and card.floor is not None:
            found = with_copies(found, card.step, card.value, card.error, card.floor)
    return found


def _has_signals(lines: list[dict[str, float]]) -> bool:
    return any(name.startswith("signal/") for line in lines for name in line)


def _copies(run: Run) -> tuple[int, float, float, float] | None:
    """Look samples up among the training items: step, share, its error, what is expected."""
    field = run.spec.created
    if "sample" not in run.kind.verbs() or not fields.continuous(field):
        return None
    if not run.saved():
        return None
    source = run.source()
    train, held_out = run.data(source), source.split("test")
    if not isinstance(train, Dataset) or not isinstance(held_out, Dataset) or len(held_out) < 20:
        return None
    model, step = run.trained(lambda line: None, "newest")
    items = []
    for data, most in ((train, len(train)), (held_out, _HELD_OUT)):
        parts = [
            getattr(data.batch(model.Batch, part, "cpu", model.image_range), model.spec.item)
            for part in data.subset(most).split(2000)
        ]
        items.append(fields.coordinates(field, torch.cat(parts)))
    drawn = fields.coordinates(field, samples(model, _LOOKED_UP))
    try:
        seen = memorisation(drawn, *items)
    except UserError:  # too few items to tell
        return None
    return step, seen.share, seen.error, seen.expected
