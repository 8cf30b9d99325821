"""Trainings of classifiers for an experiment: in memory, each figure kept when it is known."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from liangyi.core import files
from liangyi.core.config import Training
from liangyi.core.counts import duration
from liangyi.core.model import Model
from liangyi.data import Batches, Dataset, choose
from liangyi.scoring.held_out import figures_on
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer

Tell = Callable[[str], None]


class Known:
    """Accuracies that were measured already: what is done is not done twice.

    Args:
        path: the file that keeps them.
        tell: is given a line for each.
    """

    def __init__(self, path: Path, tell: Tell) -> None:
        self._path, self._tell = path, tell
        self._figures: dict[str, float] = files.read_json(path) if path.is_file() else {}

    def figure(self, name: str, measure: Callable[[], float]) -> float:
        """Return a figure by a name that says all that decides it; measured if not known."""
        if name not in self._figures:
            began = time.monotonic()
            self._figures[name] = measure()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            files.write(self._path, json.dumps(self._figures, indent=1))
            took = duration(time.monotonic() - began)
            self._tell(f"{name}: {self._figures[name]:.4f}, after {took}")
        return self._figures[name]


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
