"""`liangyi resume RUN`: go on with a training that was stopped, bit for bit."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import tyro

from liangyi.cli.flags import parse
from liangyi.core.errors import UserError

if TYPE_CHECKING:
    from liangyi.core.run import Run


@dataclasses.dataclass(frozen=True)
class Resume:
    """How far to go on."""

    steps: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None  # train to this step instead


def main(words: Sequence[str]) -> int:
    """Continue a run from its newest checkpoint."""
    from liangyi.cli.choose import named
    from liangyi.cli.watch import say, watch
    from liangyi.core import processes
    from liangyi.core.run import Run
    from liangyi.session import demand_devices, reads

    name, rest = named(words, "resume")
    args = parse(Resume, rest, "resume RUN", "Go on with a training that was stopped.")
    run = Run(name)
    if args.steps is not None:
        _aim(run, args.steps)
        run = Run(name)
    if not processes.launched():
        for path in reads(run):
            say(f"{run.path} reads {path}")
        if run.training.nodes == 1:
            demand_devices(run.training)  # once, not by each of the processes
    return watch(run)


def _aim(run: Run, steps: int) -> None:
    """Let a run end at another step.

    Raises:
        UserError: it is past that step, or is being trained just now.
    """
    from liangyi.cli.choose import bounded
    from liangyi.cli.watch import writing
    from liangyi.core import checkpoint, files
    from liangyi.core.config import to_plain

    training = bounded(dataclasses.replace(run.training, steps=steps, epochs=None))
    made = max(checkpoint.steps(run.path / "checkpoints"), default=0)
    if steps < made:
        raise UserError(f"{run.path} has made {made} steps already; give more --steps than that")
    plain = run.plain | {"training": to_plain(training)}
    with run.lock(), writing(run):  # whoever trains it now has read the old aim
        files.write(run.path / "config.json", json.dumps(plain, indent=2))
