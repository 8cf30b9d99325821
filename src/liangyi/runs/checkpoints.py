"""The checkpoints of a run: which there are, which is the best, the newest that is sound."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.runs import checkpoint
from liangyi.runs.place import Place
from liangyi.training.trainer import Trainer

CHECKPOINTS = "checkpoints"
_BACK = "going back to the checkpoint before it"


class Checkpoints:
    """What a run keeps to go on from."""

    path: Path
    place: Place
    training: Training

    def saved(self) -> list[int]:
        """Return the steps of its checkpoints, newest first."""
        return checkpoint.steps(self.path / CHECKPOINTS)

    @property
    def best(self) -> int | None:
        """Step of its best checkpoint by its validation items, None where none was looked at."""
        return checkpoint.best(self.path / CHECKPOINTS)

    def validated(self, step: int) -> checkpoint.Validated | None:
        """Return how good its checkpoint of a step was found to be, None where nobody looked."""
        return checkpoint.validated(self.path / CHECKPOINTS / f"{step:08d}")

    def newest(
        self,
        tell: Callable[[str], None],
        only_weights: bool = False,
        demand: Callable[[checkpoint.Checkpoint], None] = lambda found: None,
        first: int | None = None,
    ) -> checkpoint.Checkpoint | None:
        """Return the newest sound checkpoint; each damaged one is told.

        Args:
            tell: is given one line for each damaged one.
            only_weights: leave the optimisers' states out.
            demand: raises `Damaged` for what does not fit.
            first: step of one that is tried before them.

        Raises:
            UserError: there are checkpoints and all are damaged.
        """
        folder = self.path / CHECKPOINTS
        damaged: list[str] = []
        for step in sorted(checkpoint.steps(folder), key=lambda step: step != first):
            path = folder / f"{step:08d}"
            try:
                found = checkpoint.load(path, only_weights)
                demand(found)
            except checkpoint.Damaged as error:
                line = str(error) if str(path) in str(error) else f"{path}: {error}"
                after = "taking the newest" if step == first else _BACK
                damaged.append(f"{line}; {after}")
                continue
            for one in damaged:
                tell(one)
            return found
        if damaged:
            reason = damaged[0].removesuffix(f"; {_BACK}")
            raise UserError(f"no checkpoint in {self.path} is sound: {reason}")
        return None

    def save(self, trainer: Trainer, validated: checkpoint.Validated | None = None) -> None:
        """Write a checkpoint of the trainer, after making sure that its weights are finite."""
        trainer.check_weights()
        tensors, plain = trainer.state()
        if validated is not None:
            plain["validation"] = dataclasses.asdict(validated)
        self.place.demand()
        checkpoint.save(self.path / CHECKPOINTS, tensors, plain, self.training.keep)

    def drop_after(self, step: int) -> None:
        """Remove checkpoints of later steps."""
        # damaged, or they would be where we are; kept, they would push out the good ones
        for later in self.saved():
            if later > step:
                shutil.rmtree(self.path / CHECKPOINTS / f"{later:08d}")
