"""Small trainings between two known laws, for experiments whose answer can be worked out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.batch import Points
from liangyi.core.config import Training
from liangyi.core.model import Model
from liangyi.core.spec import Spec, Vector
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer

Law = Callable[[Tensor, Tensor], Tensor]  # of N(0, 1) and U(0, 1), [N D] and [N]: points [N D]


class Drawn:
    """Endless batches of a law's points; batch k is a function of (seed, k) alone.

    Args:
        law: makes points of random numbers.
        width: coordinates of a point.
        size: points a batch.
        seed: decides them.
    """

    def __init__(self, law: Law, width: int, size: int, seed: int) -> None:
        self.spec, self.items = Spec("point", point=Vector(width)), 0
        self._law, self._width, self._size, self._seed = law, width, size, seed

    def batch(self, number: int) -> Points:
        """Return batch `number`."""
        return Points(points(self._law, self._size, self._width, self._seed, "batch", number))


def points(law: Law, count: int, width: int, seed: int, purpose: str, number: int = 0) -> Tensor:
    """Return points of a law [count width], a function of the seed, the purpose and the number."""
    dice = draw.generator(seed, purpose, number)
    normal = torch.randn(count, width, generator=dice, device="cpu")
    return law(normal, torch.rand(count, generator=dice, device="cpu"))


def trained(kind: type[Model], config: Any, stream: Drawn, steps: int, seed: int) -> Model:
    """Return a model after so many steps, with its last weights."""
    model = build(kind, config, stream.spec, seed)
    training = Training(steps=steps, batch_size=stream._size, seed=seed, device="cpu",
                        average=0.0, examine_every=0, compile="off")  # fmt: skip
    for _ in Trainer(model, stream, training).run():
        pass
    return model
