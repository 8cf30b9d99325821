"""`liangyi resume RUN`: go on with a training that was stopped, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liangyi.cli.choose import Outside
from liangyi.cli.flags import parse
from liangyi.core.config import Count


@dataclass(frozen=True, kw_only=True)
class Resume(Outside):
    """How far to go on."""

    steps: Count | None = None  # train to this step instead


def main(words: Sequence[str]) -> int:
    """Continue a run from its newest checkpoint."""
    from liangyi.cli.choose import named, run_of
    from liangyi.cli.watch import say, watch, writing
    from liangyi.core import processes
    from liangyi.session.create import check_devices

    name, rest = named(words, "resume")
    args = parse(Resume, rest, "resume RUN", "Go on with a training that was stopped.")
    run = run_of(name, args.model)
    if args.steps is not None:
        with writing(run):
            run = run.aimed_at(args.steps)
    if not processes.launched():
        for path in run.reads():
            say(f"{run.path} reads {path}")
        if run.training.nodes == 1:
            check_devices(run.training)  # once, not by each of the processes
    return watch(run)
