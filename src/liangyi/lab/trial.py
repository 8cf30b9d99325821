"""Trials: one training each, in a folder of its own, shared out by whoever has time.

The same command in two terminals shares the work: a trial that somebody else trains is passed over
and looked at again later. What was interrupted goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liangyi.api import shared_out
from liangyi.core import registry
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.data import Source, find, made, names
from liangyi.lab.entry import Entry
from liangyi.lab.experiment import Tell
from liangyi.runs.building import build
from liangyi.runs.run import Locked, Run
from liangyi.session import Session, create
from liangyi.training.trainer import TrainingFailed


@dataclass(frozen=True)
class Trial:
    """One training of a bench."""

    entry: Entry
    data: str
    seed: int
    path: Path
    recipe: dict[str, Any]  # the bench's settings; the entry's own come first

    @property
    def run(self) -> Run | None:
        """The training on disk, None before it began."""
        return Run(self.path) if Run.there(self.path) else None

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train: the end was reached, or the training failed."""
        run = self.run
        if run is None:
            return False
        return run.made >= run.total or failed(run)

    def train(self) -> None:
        """Train to the end, or go on with it.

        Raises:
            UserError: somebody else is at it, or the settings are wrong.
        """
        run = self.run or self._create()
        try:
            for _ in Session(run):
                pass
        except TrainingFailed:
            if not failed(run):  # at the first step, of which nothing is logged
                run.log({"step": 0, "signal/finite": 0.0})

    def check(self) -> None:
        """Make sure that what is on disk, if anything, is as long as what is wanted.

        Raises:
            UserError: it is of an experiment with other steps.
        """
        run, wanted = self.run, self._parts()["training"].steps
        if run is not None and run.training.steps != wanted:
            raise UserError(
                f"{self.path} is a training of {many(run.training.steps, 'step')}, not of "
                f"{wanted}; name another place",
                setting="out",
            )

    def untrained(self) -> Model:
        """Return the model with its first weights: what it cannot do is known before it trains.

        Raises:
            UserError: the settings are wrong.
        """
        kind, config = registry.find(self.entry.model), self._parts()["config"]
        return build(kind, config, self.source().spec(), self.seed)

    def source(self) -> Source:
        """Return what it learns from, under the entry's own settings of the data.

        Raises:
            UserError: there is no such data, or the settings are wrong.
        """
        return made(find(self.data), self.data, self._parts()["data"])

    def _parts(self) -> dict[str, Any]:
        kind = registry.find(self.entry.model)
        settings = {**self.recipe, **self.entry.settings, "seed": self.seed}
        return shared_out(
            settings,
            config=kind.Config(),
            data=find(self.data).Config(),
            training=kind.recipe.given(settings),
        )

    def _create(self) -> Run:
        kind, parts = registry.find(self.entry.model), self._parts()
        return create(kind, parts["config"], self.source(), parts["training"], self.path)


def place_of(out: Path, data: str) -> Path:
    """Return where the trainings on such data lie, of all that a bench keeps in `out`."""
    if data in names():
        return out / data
    path = Path(data).expanduser().absolute()  # two folders may have one name
    return out / f"{path.name}-{hashlib.sha256(str(path).encode()).hexdigest()[:6]}"


def failed(run: Run) -> bool:
    """Tell whether a training ended with a loss that was no number."""
    return any(line.get("signal/finite") == 0 for line in run.lines()[-1:])


def work(trials: Sequence[Trial], tell: Tell) -> Iterator[Trial]:
    """Train what is not finished and yield each trial when it is.

    What others train is looked at again at the end, and left out if they are still at it.

    Raises:
        UserError: a trial's settings are wrong, or its folder holds a training of other length.
    """
    for trial in trials:
        trial.check()
    passed = []
    for number, trial in enumerate(trials, 1):
        if not trial.finished:
            tell(
                f"{number} of {len(trials)}: {trial.entry.name} on {trial.data}, seed {trial.seed}"
            )
            if _taken(trial):
                tell(f"{trial.path} is being trained by another process; passing over it")
                passed.append(trial)
                continue
        yield trial
    for trial in passed:
        if trial.finished or not _taken(trial):
            yield trial


def finished(
    trials: Sequence[Trial], tell: Tell, finish: Callable[[Trial], object] | None = None
) -> list[Trial]:
    """Train what is not finished, do with each trial what is left, and return those that are done.

    Args:
        trials: of a bench.
        tell: is given a line for each training.
        finish: what is done with a trained trial, where that takes time and is kept.

    Raises:
        UserError: others are training all of them, or as `work`.
    """
    done = []
    for trial in work(trials, tell):
        if finish is not None:
            finish(trial)
        done.append(trial)
    if not done:
        raise UserError("nothing is finished yet: all trials are being trained by others")
    return done


def _taken(trial: Trial) -> bool:
    """Train, or tell that somebody else is at it."""
    try:
        trial.train()
    except Locked:
        return True
    return False
