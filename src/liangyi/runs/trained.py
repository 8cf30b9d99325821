"""The model of a run: with its first weights, trained, or for another run to begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Spec
from liangyi.runs import checkpoint, fitting
from liangyi.runs.borrowed import borrowing
from liangyi.runs.building import build
from liangyi.runs.due import first_due
from liangyi.runs.origin import Origin, kept
from liangyi.runs.progress import Progress
from liangyi.training.trainer import Trainer
from liangyi.training.weights import load_weights

Tell = Callable[[str], None]
Weights = Literal["best", "newest"]  # of which checkpoint


class Trained(Progress):
    """What a run can build from its settings and its checkpoints."""

    kind: type[Model]
    config: Any
    spec: Spec

    def build(self) -> Model:
        """Return the model with its first weights.

        They are a function of the run's seed, or those of the run that it was fine-tuned from.

        Raises:
            UserError: those are damaged.
        """
        model = self._bare()
        if self.plain.get("origin"):
            kept(self.path, self.plain["origin"]).into(model)
        return model

    def _bare(self) -> Model:
        """Return the model with random weights."""
        with borrowing(self.path):
            return build(self.kind, self.config, self.spec, self.training.seed)

    def weights(self, tell: Tell = lambda line: None) -> Origin:
        """Return its trained weights, averaged where there are such, for another run to begin with.

        Args:
            tell: is given one line for each damaged checkpoint that was passed over.

        Raises:
            UserError: there is no sound checkpoint.
        """
        return Origin.of(self.path.absolute().name, *self.trained(tell))

    def model(self, tell: Tell = lambda line: None, weights: Weights = "best") -> Model:
        """Return the trained model in evaluation mode: averaged weights where there are such.

        Args:
            tell: is given one line for each damaged checkpoint that was passed over.
            weights: of the best checkpoint, where there is one that was found to be, or the newest.

        Raises:
            UserError: there is no sound checkpoint.
        """
        return self.trained(tell, weights)[0]

    def trained(
        self, tell: Tell = lambda line: None, weights: Weights = "best"
    ) -> tuple[Model, int]:
        """Return the trained model and the step at which it is, as `model` does."""
        model = self._bare()

        def demand(found: checkpoint.Checkpoint) -> None:
            fitting.demand_weights(model, found.tensors, _shown(found))

        best = self.best if weights == "best" else None
        found = self.newest(tell, only_weights=True, demand=demand, first=best)
        if found is None:
            goes_on = f"`liangyi resume {self.path}`"
            due = first_due(self.training, self.total, self.lines())
            running = self.state == "running"
            raise UserError(f"{self.path} has no checkpoint yet; {due if running else goes_on}")
        load_weights(model, found.tensors, _shown(found))
        return model.eval(), found.plain["step"]

    def restore(self, trainer: Trainer, tell: Tell) -> None:
        """Bring a trainer to the newest sound checkpoint and forget what was logged after it."""

        def demand(found: checkpoint.Checkpoint) -> None:
            fitting.demand_weights(trainer.model, found.tensors, "model")
            if trainer.averaged is not trainer.model:
                fitting.demand_weights(trainer.averaged, found.tensors, "averaged")
            fitting.demand_optimizers(trainer.model, found)

        found = self.newest(tell, demand=demand)
        if found is not None:
            trainer.restore(found.tensors, found.plain)


def _shown(found: checkpoint.Checkpoint) -> str:
    """Return the prefix of the weights that draw samples."""
    averaged = any(name.startswith("averaged/") for name in found.tensors)
    return "averaged" if averaged else "model"
