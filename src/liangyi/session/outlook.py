"""What a long training will take, said after its first seconds, and what would be quicker."""

from __future__ import annotations

import time

from liangyi.core.counts import duration
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels
from liangyi.runs.run import Run
from liangyi.session.budget import WARM, speed
from liangyi.session.pace import seconds_a_step
from liangyi.training.devices import choose_device

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
        line = f"about {duration(left)} on this machine, {speed(step)}"
        line += f"; --minutes 10 makes about {_rounded(tenth)} steps" if tenth >= 1 else ""
        size, factor = _half(self._run, step)
        if factor >= 1.5:
            line += f"; --size {size} is about {factor:.0f} times as fast"
        return line


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
        faster = seconds_a_step(run.kind, run.config, smaller, run.training, patience=1.0)
    except UserError:  # too small for it
        return 0, 0.0
    return size, step / faster
