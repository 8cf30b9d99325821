"""Which checkpoint is the best: a look at items that no report uses, every so often.

GANs peak and fall. What is looked at is one number on the items of `scoring.validation`: the
model's own figure where it has one, else the distance of samples to real items, in the features of
the data's evaluator where one was trained before the run began (it is kept with the run, so that
all looks are alike), else of the items as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from liangyi.core import draw
from liangyi.core.borrowed import Borrowed
from liangyi.core.config import to_plain
from liangyi.core.model import Model
from liangyi.core.spec import Pixels
from liangyi.core.verbs import generated
from liangyi.data import Dataset, Source
from liangyi.data.dataset import VALIDATION
from liangyi.doctor import crowd
from liangyi.metrics.kernel import kernel_distance
from liangyi.runs import borrowed, classifiers
from liangyi.runs.checkpoint import Validated
from liangyi.runs.run import Run
from liangyi.scoring.evaluator import existing, features_of
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.scorers.verb_evaluate import better
from liangyi.scoring.validation import Validation, evaluates

_EVALUATOR = "evaluator"  # how the run's folder calls it
_SEED = draw.key(0, "validation")  # of the samples: not those that `score` draws

Look = Callable[[Model], Validated | None]


def look_of(run: Run, model: Model, validation: Validation) -> Look:
    """Return what looks at a model: of two looks the better is the better model."""
    if evaluates(model):
        return _own_figure(validation)
    items = validation.items
    count = len(items) if isinstance(items, Dataset) else VALIDATION
    real = items.some(count, model.Batch, "cpu", model.image_range)
    known: Tensor = getattr(real, model.spec.item)
    network, scale = _kept(run), model.image_range
    if network is None:
        return _distance(real, "energy", partial(crowd.energy, model.spec.created, real=known))
    network.to(model.device)
    features = features_of(network, known, scale)

    def kernel(drawn: Tensor) -> float:
        return kernel_distance(features, features_of(network, drawn, scale))

    return _distance(real, "kernel", kernel)


def _own_figure(validation: Validation) -> Look:
    def look(model: Model) -> Validated | None:
        for name, value in figures_on(model, validation.items).items():
            own = name.removeprefix("test/")
            direction = better(own)
            if direction != "none":
                return _validated(own, value, direction)
        return None

    return look


def _distance(real: Any, name: str, distance: Callable[[Tensor], float]) -> Look:
    def look(model: Model) -> Validated | None:
        # what can be asked for is asked for as it occurs; else as many as make a steady figure
        asks = bool(model.conditions("sample"))
        count, given = (len(real[0]), real) if asks else (VALIDATION, None)
        drawn = getattr(generated(model, count, _SEED, given), model.spec.item)
        return _validated(name, distance(drawn), "lower")

    return look


def _validated(name: str, value: float, direction: Any) -> Validated | None:
    """Return a figure; one that is no number is no better than any."""
    return Validated(name, value, direction) if math.isfinite(value) else None


def keep_evaluator(run: Run, source: Source) -> None:
    """Keep the evaluator of such data with a new run, where one was trained before."""
    item = run.spec.item
    if not isinstance(run.spec.created, Pixels) or evaluates(run.kind):
        return
    found = existing(source, item)
    if found is None:
        return
    about = {"model": found.name(), "config": to_plain(found.config), "spec": found.spec.json()}
    channels = found.spec.shape[0]
    borrowed.keep(run.path, Borrowed(_EVALUATOR, found, channels, found.image_range, about))


def _kept(run: Run) -> Model | None:
    with borrowed.borrowing(run.path):
        known = borrowed.kept(_EVALUATOR)
    if known is None:
        return None
    about, weights = known
    network = classifiers.built(_EVALUATOR, about).network
    borrowed.weights(network, weights)
    assert isinstance(network, Model)
    return network.eval()
