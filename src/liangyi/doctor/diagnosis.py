"""What goes wrong in a training: the doctor reads the log and looks at the newest checkpoint."""

from __future__ import annotations

import torch

from liangyi import fields
from liangyi.core.errors import UserError
from liangyi.core.verbs import samples
from liangyi.data import Dataset
from liangyi.doctor.facts import Facts
from liangyi.doctor.rules import verdicts, with_copies
from liangyi.doctor.verdict import Verdict
from liangyi.metrics.memorisation import memorisation
from liangyi.runs.cards import kept
from liangyi.runs.copies import Copies, keep_copies, kept_copies
from liangyi.runs.run import Run

_LOOKED_UP = 500  # samples that are searched for among the training items
_HELD_OUT = 2000  # items that tell how near strangers come


def diagnose(run: Run) -> list[Verdict]:
    """Look at the newest checkpoint, keep what was seen, and return `verdicts_of` the run.

    Raises:
        UserError: nothing was trained yet, or the doctor has not looked; or the data is not there
            any more.
    """
    lines = run.lines()
    if not _has_signals(lines):
        raise _nothing_to_say(run, lines)
    seen = _copies(run)
    if seen is not None:
        keep_copies(seen, run)
    return verdicts_of(run)


def verdicts_of(run: Run) -> list[Verdict]:
    """Return the verdicts about a run, the gravest first; none before the first look.

    The one diagnosis, for everybody who shows one: from the log, the settings, and what is kept of
    a search for copies of training items in the newest checkpoint's samples, by `diagnose` or by a
    score.
    """
    lines = run.lines()
    if not _has_signals(lines):
        return []
    facts = Facts.of(run)
    found = verdicts(lines, facts)
    seen = _seen(run)
    return found if seen is None else with_copies(found, seen, facts)


def _has_signals(lines: list[dict[str, float]]) -> bool:
    return any(name.startswith("signal/") for line in lines for name in line)


def _nothing_to_say(run: Run, lines: list[dict[str, float]]) -> UserError:
    """Say why there is no diagnosis: not begun, never asked for, or not yet."""
    pace, running = run.training.examine_every, run.state == "running"
    if not lines and not running:
        return UserError(f"{run.path} has learned nothing yet; `liangyi resume {run.path}`")
    if not pace:
        return UserError(
            f"{run.path} was trained without the doctor's signals; train with 250 steps between "
            "them",
            setting="examine_every",
        )
    made = max(run.made, int(lines[-1]["step"]) if lines else 0)
    first = made // pace * pace + pace
    first = min(first, run.total) if run.total > made else first
    steps = "1 step" if made == 1 else f"{made:,} steps"
    more = "" if running else f"; `liangyi resume {run.path}`"
    return UserError(
        f"{run.path} has made {steps}; the doctor's first look comes at step {first:,}{more}"
    )


def _seen(run: Run) -> Copies | None:
    """Return what is known of copies in the newest checkpoint's samples."""
    seen = kept_copies(run)
    if seen is not None and seen.step == run.made:
        return seen
    for card in kept(run):
        known = card.error is not None and card.floor is not None
        if card.metric == "memorised" and card.step == run.made and known:
            return Copies(card.step, card.value, card.error or 0.0, card.floor or 0.0)
    return None


def _copies(run: Run) -> Copies | None:
    """Look samples up among the training items; None where that cannot be done."""
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
    return Copies(step, seen.share, seen.error, seen.expected)
