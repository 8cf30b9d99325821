"""What a long training will take, said after its first seconds, and what would be quicker."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Pixels, Spec
from liangyi.runs.run import Run, build
from liangyi.session.budget import WARM, speed
from liangyi.session.layers import example
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer

LONG = 600.0  # seconds from which on a training is worth a warning
_ENOUGH, _FEWEST = 5.0, 3  # seconds and steps that are timed
_SMALLEST = 32  # pixels of a side whose half is worth a try


class Outlook:
    """Looks at a training's first steps.

    Args:
        run: the training.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._made = 0  # steps here
        self._since = 0.0
        self._told = choose_device(run.training.device).type != "cpu"

    def after(self, step: int) -> str | None:
        """Return a line for people once, after some seconds of a training that will be long."""
        if self._told:
            return None
        self._made += 1
        if self._made == WARM:
            self._since = time.monotonic()
        timed = self._made - WARM
        passed = time.monotonic() - self._since
        if timed < _FEWEST or passed < _ENOUGH:
            return None
        self._told = True
        left = (self._run.total - step) * passed / timed
        return self._line(left, passed / timed) if left >= LONG else None

    def _line(self, left: float, step: float) -> str:
        tenth = 600 / step
        line = f"about {spoken(left)} on this machine, {speed(step)}"
        line += f"; --minutes 10 makes about {_rounded(tenth)} steps" if tenth >= 1 else ""
        size, factor = _half(self._run, step)
        if factor >= 1.5:
            line += f"; --size {size} is about {factor:.0f} times as fast"
        return line


def spoken(seconds: float) -> str:
    """Return a time in words: `3 h 20 min`."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _rounded(value: float) -> str:
    return f"{int(float(f'{value:.2g}')):,}"


def _half(run: Run, step: float) -> tuple[int, float]:
    """Return half the size of the pictures, and how many times as fast such steps are: timed."""
    item = run.spec.created
    if "size" not in run.plain["data"] or not isinstance(item, Pixels):
        return 0, 0.0
    if item.height != item.width or item.height < _SMALLEST:
        return 0, 0.0
    size = item.height // 2
    smaller = run.spec.replace(**{run.spec.item: Pixels(item.channels, size, size)})
    try:
        model = build(run.kind, run.config, smaller, run.training.seed)
    except UserError:  # too small for it
        return 0, 0.0
    settings = dataclasses.replace(run.training, compile="off", examine_every=0)
    trainer = Trainer(model, _Same(model, settings), settings)
    for _ in trainer.run(WARM):
        pass
    began, made = time.monotonic(), 0
    while made < _FEWEST or time.monotonic() - began < 1.0:
        trainer.advance()
        made += 1
    return size, step / ((time.monotonic() - began) / made)


class _Same:
    """The same batch at each step: of what it holds, the time of a step knows nothing."""

    def __init__(self, model: Model, training: Training) -> None:
        self.spec: Spec = model.spec
        self.items = 0
        self._batch = example(model, training.batch_size)

    def batch(self, number: int) -> Any:
        """Return it."""
        return self._batch
