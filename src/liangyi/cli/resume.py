"""`liangyi resume RUN`: go on with a training that was stopped, bit for bit."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Annotated

import tyro

from liangyi.cli.flags import parse


@dataclasses.dataclass(frozen=True)
class Resume:
    """How far to go on."""

    steps: Annotated[int | None, tyro.conf.arg(metavar="INT")] = None  # train to this step instead


def main(words: Sequence[str]) -> int:
    """Continue a run from its newest checkpoint."""
    from liangyi.cli.choose import named
    from liangyi.cli.watch import watch
    from liangyi.core import files
    from liangyi.core.config import checked, to_plain
    from liangyi.core.run import Run

    name, rest = named(words, "resume")
    args = parse(Resume, rest, "resume", "Go on with a training that was stopped.")
    run = Run(name)
    if args.steps is not None:
        longer = checked(dataclasses.replace(run.training, steps=args.steps, epochs=None))
        plain = run.plain | {"training": to_plain(longer)}
        files.write(run.path / "config.json", json.dumps(plain, indent=2))
        run = Run(name)
    return watch(run)
