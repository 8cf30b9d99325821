"""Whether losses and weights are still finite numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.core.model import Model

_AT_ONCE = 200  # losses that are asked together, since asking waits for the device


class TrainingFailed(UserError):
    """A loss or a weight is no longer a finite number."""


class Losses:
    """Losses that players have reported.

    Attributes:
        waiting: step, player and loss of those that are not yet known to be finite.
    """

    def __init__(self) -> None:
        self.waiting: list[tuple[int, str, Tensor]] = []

    def hear(self, step: int, player: str, loss: Tensor) -> None:
        """Make sure that a player's loss is finite, at once or soon.

        Raises:
            TrainingFailed: one is not.
        """
        if loss.device.type == "cpu":  # asking costs nothing, so nobody moves by no number
            _demand(step, player, loss.item())
            return
        self.waiting.append((step, player, loss))
        if len(self.waiting) >= _AT_ONCE:
            self.check()

    def check(self) -> None:
        """Make sure that all losses so far were finite.

        Raises:
            TrainingFailed: one was not.
        """
        asked, self.waiting = self.waiting, []
        if asked:
            values = torch.stack([loss.float() for _, _, loss in asked]).tolist()
            for (step, player, _), value in zip(asked, values, strict=True):
                _demand(step, player, value)


def demand_weights(model: Model, step: int) -> None:
    """Make sure that all weights and buffers of a model are finite.

    Raises:
        TrainingFailed: one is not.
    """
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise TrainingFailed(f"{name} is no longer finite at step {step}")


def _demand(step: int, name: str, value: float) -> None:
    if not math.isfinite(value):
        raise TrainingFailed(
            f"the loss of {name} became {value} at step {step}; a smaller learning rate or the "
            "precision float32 may help"
        )
