"""Trainings of classifiers for an experiment, in memory."""

from __future__ import annotations

from liangyi.core.config import Training
from liangyi.core.model import Model
from liangyi.data import Batches, Dataset, choose
from liangyi.scoring.held_out import figures_on
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer


def pictures(name: str, split: str, *classes: str) -> Dataset:
    """Return the pictures of one split that are of some classes; without one, all."""
    found = choose(name, classes=classes).split(split)
    assert isinstance(found, Dataset)
    return found


def learned(model: Model, data: Dataset, steps: int, seed: int) -> Model:
    """Train a model on data for so many steps, in batches of its recipe or of all that there is."""
    size, device = min(model.recipe.batch_size, len(data)), choose_device("auto")
    training = Training(steps=steps, batch_size=size, seed=seed, average=0.0, examine_every=0)
    stream = Batches(data, model.Batch, size, seed, device, model.image_range)
    for _ in Trainer(model, stream, training).run():
        pass
    return model


def accuracy(model: Model, data: Dataset) -> float:
    """Return the share of pictures that a model names rightly."""
    return figures_on(model, data)["test/accuracy"]
