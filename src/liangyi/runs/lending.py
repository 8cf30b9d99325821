"""Trained models of ours that another one asks, and never moves: a run by its path."""

from __future__ import annotations

from torch import nn

from liangyi.core.borrowed import Borrowed
from liangyi.core.config import to_plain
from liangyi.core.errors import UserError, shown
from liangyi.runs import borrowed
from liangyi.runs.classifiers import built
from liangyi.runs.run import Run


class Lent(nn.Module):
    """A frozen model beside another one's networks: in evaluation mode, without gradients.

    Args:
        lent: the model, and how it is built again.
    """

    def __init__(self, lent: Borrowed) -> None:
        super().__init__()
        self.borrowed_network = lent
        self.network = lent.network.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> Lent:
        """Stay in evaluation mode."""
        return super().train(False)


def lent(reference: str, verb: str, setting: str, wanted: str) -> Lent:
    """Return a trained model that can do something, from the run at hand where that has it already.

    Args:
        reference: a run of ours.
        verb: what it must be able to do.
        setting: that named it.
        wanted: a model that can, for people.

    Raises:
        UserError: there is no such run, or it cannot.
    """
    if known := borrowed.kept(reference):
        about, file = known
        found = built(reference, about)
        borrowed.weights(found.network, file)
        return Lent(found)
    if not Run.there(reference):
        raise UserError(f"no run at {shown(reference)}; train one: liangyi train {wanted}",
                        setting=setting)  # fmt: skip
    run = Run(reference)
    if verb not in run.kind.verbs():
        can = verb.replace("_", "-")
        raise UserError(f"{shown(reference)} cannot {can}; train one that can: "
                        f"liangyi train {wanted}", setting=setting)  # fmt: skip
    model = run.model()
    about = {"model": run.kind.name(), "config": to_plain(run.config), "spec": run.spec.json()}
    return Lent(Borrowed(reference, model, model.spec.shape[0], model.image_range, about))
