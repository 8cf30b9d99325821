"""What goes wrong in a training: the doctor reads the log and looks at the newest checkpoint."""

from __future__ import annotations

from liangyi.core import checkpoint
from liangyi.core.errors import UserError
from liangyi.core.run import Run
from liangyi.data import Dataset
from liangyi.doctor.rules import Facts, verdicts, with_copies
from liangyi.doctor.verdict import Verdict
from liangyi.measuring import items_of
from liangyi.metrics.memorisation import memorisation
from liangyi.sampling import samples
from liangyi.session import data_of

_LOOKED_UP = 500  # samples that are searched for among the training items


def diagnose(run: Run) -> list[Verdict]:
    """Return the verdicts about a run, the gravest first.

    Raises:
        UserError: nothing was trained yet, or without signals; or the data is not there any more.
    """
    lines = run.lines()
    if not lines:
        raise UserError(f"{run.path} has learned nothing yet; `liangyi resume {run.path}`")
    if not any(name.startswith("signal/") for line in lines for name in line):
        raise UserError(
            f"{run.path} was trained without the doctor's signals; train with --examine-every 250"
        )
    found = verdicts(lines, Facts.of(run))
    copies = _copies(run)
    return found if copies is None else with_copies(found, *copies)


def _copies(run: Run) -> tuple[int, float, float, float] | None:
    """Look samples up among the training items: step, share, its error, what is expected."""
    if not hasattr(run.kind, "sample") or run.spec.vocabulary:
        return None
    train, held_out = data_of(run), data_of(run, "test")
    if not isinstance(train, Dataset) or not isinstance(held_out, Dataset) or len(held_out) < 20:
        return None
    if not checkpoint.steps(run.path / "checkpoints"):
        return None
    model, step = run.trained()
    items = [
        items_of(model, data, data.subset(most)).flatten(1)
        for data, most in ((train, len(train)), (held_out, 2000))
    ]
    drawn = samples(model, _LOOKED_UP).flatten(1)
    try:
        seen = memorisation(drawn, *items)
    except UserError:  # too few items to tell
        return None
    return step, seen.share, seen.error, seen.expected
