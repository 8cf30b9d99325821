"""Trainings of GANs of pictures for an experiment, in memory, and how good their pictures are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from liangyi.core.batch import Images
from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.verbs import samples
from liangyi.data import Batches, Dataset, choose
from liangyi.metrics.frechet import frechet, gaussian
from liangyi.metrics.neighbours import manifold
from liangyi.scoring.evaluator import Evaluator, evaluator_of
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer, TrainingFailed

WHOLE, QUICK = "mnist", "digits"  # the data of an experiment, and of a quick one
BATCH, COUNT = 64, 2000  # pictures of a step; samples, and held-out pictures, that are compared
UNIT = (0.0, 1.0)  # range of the pictures that are compared


def trained(model: Model, data: Dataset, steps: int, seed: int) -> Model | None:
    """Return a model after so many steps, with its last weights; None: a loss was no number."""
    training = Training(steps=steps, batch_size=BATCH, seed=seed, average=0.0, examine_every=0)
    device = choose_device(training.device)
    stream = Batches(data, model.Batch, BATCH, seed, device, model.image_range)
    try:
        for _ in Trainer(model, stream, training).run():
            pass
    except TrainingFailed:
        return None
    return model


@dataclass(frozen=True)
class Examiner:
    """Who tells how good pictures are, beside held-out ones, in the features of an evaluator."""

    train: Dataset
    held_out: Dataset
    evaluator: Evaluator

    @classmethod
    def of(cls, name: str, tell: Callable[[str], None]) -> Examiner:
        """Return the examiner of some data; its evaluator is trained if it never was.

        Raises:
            UserError: the data has no pictures, or holds none out.
        """
        source = choose(name)
        train, held_out = source.split("train"), source.split("test")
        if not isinstance(train, Dataset) or not isinstance(held_out, Dataset):
            raise UserError(f"{name} holds no pictures out", setting="data")
        return cls(train, held_out, evaluator_of(source, tell=tell))

    @functools.cached_property
    def real(self) -> Tensor:
        """Held-out pictures [N C H W] between 0 and 1."""
        return pictures(self.held_out)

    @functools.cached_property
    def _features(self) -> Tensor:
        return self.evaluator.features(self.real, UNIT)

    def figures(self, image: Tensor, image_range: tuple[float, float] = UNIT) -> dict[str, float]:
        """Return the Frechet distance of pictures, their precision and their coverage."""
        found = self.evaluator.features(image, image_range)
        near = manifold(self._features, found)
        return {"frechet": frechet(gaussian(self._features), gaussian(found)),
                "precision": float(near.precision.mean()),
                "coverage": float(near.coverage.mean())}  # fmt: skip

    def of_model(self, model: Model | None) -> dict[str, float | None]:
        """Return the figures of as many samples as there are held-out pictures; None: it failed."""
        if model is None:
            return dict.fromkeys(("frechet", "precision", "coverage"))
        return {**self.figures(samples(model, len(self.real)), model.image_range)}

    @functools.cached_property
    def floor(self) -> dict[str, float]:
        """The figures of as many pictures that were learned from."""
        return self.figures(pictures(self.train, len(self.real)))


def pictures(data: Dataset, count: int = COUNT) -> Tensor:
    """Return at most so many pictures [N C H W] between 0 and 1, the same at every look."""
    image: Tensor = data.some(count, Images, "cpu", UNIT).image
    return image
