"""Small games of known laws, for experiments whose answer can be worked out or seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.batch import Points
from liangyi.core.config import Training
from liangyi.core.model import Model, Update, evaluating
from liangyi.core.spec import Spec, Vector
from liangyi.metrics.modes import modes
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer

Law = Callable[[Tensor, Tensor], Tensor]  # of N(0, 1) and U(0, 1), [N D] and [N]: points [N D]
MODES, DEVIATION = 8, 0.05  # of the ring


class Drawn:
    """Endless batches of a law's points; batch k is a function of (seed, k) alone.

    Args:
        law: makes points of random numbers.
        width: coordinates of a point.
        size: points a batch.
        seed: decides them.
        few: so many points are all there is, and batches are drawn from them; 0: new ones each.
    """

    def __init__(self, law: Law, width: int, size: int, seed: int, few: int = 0) -> None:
        self.spec, self.items = Spec("point", point=Vector(width)), 0
        self._law, self._width, self._size, self._seed = law, width, size, seed
        self.few = points(law, few, width, seed, "few") if few else None

    def batch(self, number: int) -> Points:
        """Return batch `number`."""
        if self.few is None:
            return Points(points(self._law, self._size, self._width, self._seed, "batch", number))
        dice = draw.generator(self._seed, "batch", number)
        return Points(self.few[torch.randint(len(self.few), (self._size,), generator=dice,
                                             device="cpu")])  # fmt: skip


def points(law: Law, count: int, width: int, seed: int, purpose: str, number: int = 0) -> Tensor:
    """Return points of a law [count width], a function of the seed, the purpose and the number."""
    dice = draw.generator(seed, purpose, number)
    normal = torch.randn(count, width, generator=dice, device="cpu")
    return law(normal, torch.rand(count, generator=dice, device="cpu"))


def against(kind: type[Model], law: Law) -> Any:
    """Return a model whose generator is a fixed law: what is left is the adversary's turn."""

    class Against(kind):  # type: ignore[misc, valid-type]
        def generated(self, count: int, given: Any = None) -> Any:
            normal = draw.normal(count, self.spec.size, device=self.device)
            return self.Batch(law(normal, draw.uniform(count, device=self.device)))

        def updates(self, batch: Any, step: int) -> Iterator[Update]:
            turns = super().updates(batch, step)
            yield next(turns)
            next(turns, None)  # what comes after it, as clipping; then the turn that is left out

    return Against


def followed(
    model: Model, stream: Drawn, steps: int, seed: int, looks: int = 20
) -> Iterator[tuple[int, Trainer]]:
    """Train a model, and yield the steps made and its trainer: at 0, and so many times later.

    Without averaged weights: who looks sees what the last step left.
    """
    training = Training(steps=steps, batch_size=stream._size, seed=seed, device="cpu",
                        average=0.0, examine_every=0, compile="off")  # fmt: skip
    trainer = Trainer(model, stream, training)
    yield 0, trainer
    for stop in sorted({max(1, steps * look // looks) for look in range(1, looks + 1)}):
        for _ in trainer.run(stop - trainer.step):
            pass
        yield stop, trainer


def trained(kind: type[Model], config: Any, stream: Drawn, steps: int, seed: int) -> Model:
    """Return a model after so many steps, with its last weights."""
    model = build(kind, config, stream.spec, seed)
    for _ in followed(model, stream, steps, seed, looks=1):
        pass
    return model


def drawn(model: Model, count: int) -> Tensor:
    """Return generated points [count D], always of the same noise."""
    with evaluating(model):
        items: Tensor = model.generated(count)[0]
    return items


# a law of the plane: eight Gaussians on the unit circle


def centres() -> Tensor:
    """Return the modes of the ring [8 2]."""
    angle = torch.linspace(0, 2 * math.pi, MODES + 1, device="cpu")[:-1]
    return torch.stack([angle.cos(), angle.sin()], 1)


def ring(normal: Tensor, share: Tensor) -> Tensor:
    """Return points of eight Gaussians on the unit circle."""
    angle = (share * MODES).floor() * (2 * math.pi / MODES)
    return torch.stack([angle.cos(), angle.sin()], 1) + DEVIATION * normal


def covered(items: Tensor) -> dict[str, float]:
    """Return how many modes of the ring points [N 2] cover, and the share near to one."""
    distance, nearest = torch.cdist(items, centres()).min(1)
    found = modes(nearest, distance < 3 * DEVIATION, MODES)
    return {name: found[name] for name in ("modes", "high_quality")}
