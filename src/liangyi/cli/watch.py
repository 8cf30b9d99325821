"""What a person sees of a training, and how they stop it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from liangyi.cli.together import resuming, together
from liangyi.core import processes
from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import UNKNOWN
from liangyi.doctor.diagnosis import verdicts_of
from liangyi.runs.run import Run
from liangyi.session.interrupts import interrupts
from liangyi.session.outlook import Outlook
from liangyi.session.progress import Progress, say, track
from liangyi.session.session import Session
from liangyi.views.captions import asked, captions

__all__ = ["by_torchrun", "say", "say_unknown", "track", "watch", "writing"]


def say_unknown(model: Model, conditions: Mapping[str, Any]) -> None:
    """Say which words of a caption a model does not know: it draws what the others say."""
    said = captions(model, asked(model, 1, **conditions)) if "caption" in conditions else ()
    if said and UNKNOWN in said[0]:
        say(f"not every word is known: {said[0]}")


def watch(run: Run, outlook: Outlook | None = None) -> int:
    """Train a run to its end or until a signal, and return the exit code."""
    if run.training.devices * run.training.nodes > 1 and not processes.launched():
        if run.training.nodes > 1:
            raise UserError(by_torchrun(run.training, resuming(run)))
        return together(run)
    session = Session(run)
    with interrupts(session.stop) as caught, writing(run), Progress(run, outlook) as progress:
        for event in session:
            progress.show(event)
    if caught:
        say(f"stopped; liangyi resume {run.path} goes on")
        processes.leave(128 + caught[0])
        return 128 + caught[0]
    last = run.lines()[-1] if run.lines() else {}
    figures = {k: v for k, v in last.items() if k.startswith(("test/", "truth/"))}
    say("  ".join(f"{name} {value:.4g}" for name, value in figures.items())) if figures else None
    verdicts = ", ".join(verdict.name for verdict in verdicts_of(run))
    say(f"doctor: {verdicts} (liangyi diagnose {run.path})") if verdicts else None
    say(f"done: {run.report}")
    processes.leave()
    return 0


@contextmanager
def writing(run: Run) -> Iterator[None]:
    """Say of what cannot be written that it belongs to a run, which lives on."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write into {run.path}: {error.strerror or error}") from error


def by_torchrun(training: Training, words: Sequence[str]) -> str:
    """Return the advice how to start `liangyi WORDS` on several machines."""
    return (
        f"start this on each of the {training.nodes} machines: torchrun --nnodes {training.nodes} "
        f"--nproc-per-node {training.devices} --rdzv-backend c10d "
        f"--rdzv-endpoint FIRST_HOST:29400 -m liangyi {shlex.join(words)}"
    )
