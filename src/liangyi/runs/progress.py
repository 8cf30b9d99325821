"""How far a run is: steps made and to be made, and what has become of it."""

from __future__ import annotations

import json
from typing import Any, Literal

from liangyi.core import files
from liangyi.runs.checkpoints import Checkpoints
from liangyi.runs.log import LOG, Log
from liangyi.runs.process import alive

State = Literal["new", "running", "stopped", "failed", "done"]


class Progress(Checkpoints, Log):
    """What checkpoints and log tell of a run."""

    plain: dict[str, Any]

    @property
    def made(self) -> int:
        """Steps that its newest checkpoint has made."""
        return max(self.saved(), default=0)

    @property
    def total(self) -> int:
        """Steps that it is to make; of epochs, what the log or the settings tell."""
        items = self.plain.get("items", 0)
        return self.training.total(items) if items or not self.training.epochs else self.made

    @property
    def state(self) -> State:
        """What has become of it."""
        if alive(self.path):
            return "running"
        lines = self.lines()
        if lines and lines[-1].get("signal/finite") == 0:
            return "failed"
        if self.made >= self.total > 0 or self.exhausted:
            return "done"
        return "stopped" if self.made else "new"

    @property
    def exhausted(self) -> bool:
        """Whether nothing got better for as many looks as its patience lasts."""
        patience, pace = self.training.patience, self.training.validation_pace
        if not patience or not pace:
            return False
        best = self.best
        return best is not None and self.made // pace - best // pace >= patience

    def forget_after(self, step: int) -> None:
        """Drop log lines and checkpoints of steps that will be made again."""
        # nor is a failure at this very step true of what goes on from here
        lines = [x for x in self.lines() if x["step"] <= step and x.get("signal/finite") != 0]
        if (self.path / LOG).exists():
            files.write(self.path / LOG, "".join(json.dumps(x) + "\n" for x in lines))
        self.drop_after(step)
