"""`liangyi train [MODEL]`: train a model on data and keep everything in a run folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from liangyi.core.config import Config, Positive

_ABOUT = (
    "liangyi train MODEL --help shows the settings of MODEL; liangyi list names them all. "
    "MODEL may be a file, ./my_gan.py. --from RUN fine-tunes: it begins with the averaged weights "
    "of that run, a new optimiser, and, where nothing else is said, its model, settings and data."
)


@dataclass(frozen=True, kw_only=True)
class Train(Config):
    """What it begins with, where the run is kept, and a time to keep to."""

    # whose weights it begins with: a run, torchvision:NAME, or torchvision:NAME@FILE
    from_: str = ""
    out: Path | None = None  # the run's folder; else runs/MODEL-DATA-N
    minutes: Positive | None = None  # wall time to fill, instead of steps; measured at the start


def main(words: Sequence[str]) -> int:
    """Make a run and train it."""
    began = time.monotonic()  # before PyTorch is loaded
    from liangyi.cli.choose import chosen, named, origin_of, value_of
    from liangyi.cli.watch import by_torchrun, say, watch
    from liangyi.core import processes
    from liangyi.core.errors import UserError
    from liangyi.runs.run import Run
    from liangyi.session import create
    from liangyi.session.budget import demand_alone, fitted
    from liangyi.session.outlook import Outlook
    from liangyi.training.devices import choose_device

    before = origin_of(words)
    name, rest = named(words, "train", default=before.kind.name() if before else "dcgan")
    choice = chosen(name, rest, f"train {name}", Train(), _ABOUT, before)
    out, minutes = choice.extra.out, choice.extra.minutes
    config, training = choice.config, choice.training
    demand_alone(minutes, [flag[2:] for flag in ("--steps", "--epochs") if value_of(rest, flag)])
    if minutes is not None:
        config, training = fitted(choice.kind, config, choice.source, training, minutes, say, began)
    if choice.training.nodes > 1 and not processes.launched():
        again = ["train", *words, *([] if out else ["--out", "runs/NAME"])]
        raise UserError(by_torchrun(choice.training, again))
    if processes.launched():
        # a restarted process must find the run that its first life made
        if out is None:
            raise UserError("as one of several processes, name the run: --out runs/NAME")
        processes.join(choose_device(choice.training.device))
        if processes.restarted() and Run.there(out):
            return watch(Run(out))
    if processes.rank() == 0:
        origin = before.weights(say) if before else None
        run = create(choice.kind, config, choice.source, training, out, say, origin)
        say(f"{run.path}: {choice.kind.name()} on {choice.source.name}")
    processes.wait()
    if processes.launched():
        return watch(Run(out or ""))
    code = 1
    try:
        code = watch(run, None if minutes else Outlook(run))
    finally:
        if code:
            run.discard_if_empty()  # a second try shall not find the remains of the first
    return code
