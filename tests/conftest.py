"""Small versions of every model, on data that needs no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from liangyi.core import registry
from liangyi.lab.small import QUICK, Small, classifier
from liangyi.runs.run import Run
from liangyi.session import Session, Stepped, create
from liangyi.training.trainer import Report

__all__ = ["QUICK", "Small", "batch_of", "follow", "same", "weights_of"]

torch.set_num_threads(1)  # tests run side by side


@pytest.fixture(scope="session", autouse=True)
def _own_cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide what this machine has kept: a run takes an evaluator that is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIANGYI_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the models that a test registers.

    Those of the zoo are known before: a file is imported once a process, and what it registered
    in a test would be forgotten for the tests that come after.
    """
    for name in registry.names():
        registry.find(name)
    for known in ("_models", "_outside"):
        monkeypatch.setattr(registry, known, dict(getattr(registry, known)))


@pytest.fixture(scope="session", name="classifier")
def _classifier(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a run of a small trained classifier, for deep-dream."""
    return classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture(scope="session")
def small(classifier: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Small]:
    """Return a function from a model's name to its small version."""
    folder = tmp_path_factory.mktemp("small")

    def make(name: str, **changes: Any) -> Small:
        kind = registry.find(name)
        if hasattr(kind.Config, "classifier"):
            changes["classifier"] = classifier
        return Small.of(kind, folder, **changes)

    return make


def batch_of(here: Small, count: int = 6) -> Any:
    """Return the first items as a batch of what the model eats."""
    split = here.source.split("train")
    assert split is not None
    kind = here.kind.batch_type(here.source.spec())
    return split.batch(kind, torch.arange(count), value_range=here.kind.image_range)


def follow(run: Run, stop: Callable[[], bool] = lambda: False) -> Iterator[Report]:
    """Train a run and yield its reports; stop after the step at which `stop` says so."""
    session = Session(run)
    for event in session:
        if isinstance(event, Stepped):
            if stop():
                session.stop()
            yield event.report


def weights_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of all weights and buffers."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Tell whether two sets of weights agree bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


@pytest.fixture(scope="module")
def enlarging(small: Callable[..., Small], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a trained run that enlarges pictures by 2."""
    here = small("srresnet")
    made = create(here.kind, here.config, here.source, QUICK, tmp_path_factory.mktemp("r") / "x2")
    for _ in follow(made):
        pass
    return made
