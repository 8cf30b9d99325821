"""When a running training writes its first checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from liangyi.core.config import Training
from liangyi.core.counts import duration


def first_due(training: Training, total: int, lines: Sequence[Mapping[str, float]]) -> str:
    """Return a clause for people: at which step, and in what time where the log tells the speed.

    Args:
        training: settings of the run.
        total: steps that it is to make; 0: unknown.
        lines: of its log so far.
    """
    due = min(training.checkpoint_every, total or training.checkpoint_every)
    last = lines[-1] if lines else {}
    step, seconds = last.get("step", 0), last.get("seconds", 0.0)
    when = f"the first is due at step {due:,}"
    if not step or not seconds or step >= due:
        return when
    return f"{when}, in about {duration((due - step) * seconds / step)}"
