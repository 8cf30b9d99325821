"""Small trained runs to score, and a way to plant items in the place of their samples."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from conftest import follow
from liangyi.data import choose
from liangyi.metrics.card import Card
from liangyi.runs.run import Run
from liangyi.scoring import subject as module
from liangyi.scoring.subject import Subject


@pytest.fixture(scope="session")
def evaluators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache that lasts as long as the session: each evaluator is trained once."""
    return tmp_path_factory.mktemp("evaluators")


@pytest.fixture(autouse=True)
def _own_cache(evaluators: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGYI_CACHE", str(evaluators))


@pytest.fixture(scope="session")
def trained(
    small: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Path]:
    """Return a function from names of a model and of data to a small trained run."""
    home = tmp_path_factory.mktemp("trained")

    def make(model: str, data: str) -> Path:
        path = home / f"{model}-{data}"
        if not path.exists():
            here = small(model)
            here = dataclasses.replace(here, source=choose(data)) if data else here
            # of the last step, scored by all items; tests/session/test_best.py has the others
            for _ in follow(here.run(path, validate_every=0)):
                pass
        return path

    return make


@pytest.fixture
def run_of(trained: Callable[[str, str], Path], tmp_path: Path) -> Callable[..., Run]:
    """Return a function that gives a run of one's own, to score or to spoil."""

    def make(model: str, data: str = "") -> Run:
        return Run(shutil.copytree(trained(model, data), tmp_path / f"{model}-{data}"))

    return make


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[[Tensor], None]:
    """Return a function that makes every model draw these items."""

    def make(items: Tensor) -> None:
        def drawn(model: Any, count: int, seed: int = 0, given: Any = None) -> Any:
            assert len(items) >= count
            planted = {model.spec.item: items[:count].clone()}
            if "label" in model.Batch._fields:
                planted["label"] = given.label
            return model.Batch(**planted)

        monkeypatch.setattr(module, "generated", drawn)

    return make


def subject_of(run: Run, number: int = 400, seed: int = 0) -> Subject:
    return Subject.of(run, number, seed, lambda line: None)


def named(cards: Sequence[Card]) -> dict[str, Card]:
    """Return cards by their metric, of which there must not be two."""
    found = {card.metric: card for card in cards}
    assert len(found) == len(cards), [card.metric for card in cards]
    return found
