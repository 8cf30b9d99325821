"""Who looks at a part of the data sees all of it: folders come sorted by class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from liangyi import diagnosing
from liangyi.core.batch import Labelled
from liangyi.core.model import Model, verb
from liangyi.data import Dataset
from liangyi.data.digits import digits
from liangyi.doctor.signals import Reference
from liangyi.measuring import test as measured
from liangyi.scoring import codes, pictures
from liangyi.scoring.subject import Subject
from liangyi.showing import picture_of


class Constant(Model):
    """A classifier that says 0 of everything."""

    eats = (Labelled,)

    def __init__(self, spec: Any) -> None:
        super().__init__(None, spec)
        self.weight = nn.Parameter(torch.zeros(1))

    def updates(self, batch: Any, step: int) -> Any:
        yield from ()  # nobody trains it: it is only looked at

    @verb
    def evaluate(self, batch: Labelled) -> dict[str, Tensor]:
        return {"accuracy": (batch.label == 0).float().mean()}


def in_order() -> Dataset:
    """Return 3,000 digits sorted by class, as a folder of folders serves them."""
    data = digits("train")
    order = data.columns["label"].argsort(stable=True).repeat_interleave(2)
    return Dataset(data.spec, {name: x[order] for name, x in data.columns.items()})


def test_a_subset_begins_a_permutation():
    data = in_order()
    whole = data.subset(len(data))
    assert whole.sort().values.tolist() == list(range(3000))
    for count in (0, 1, 150, 2999):
        assert torch.equal(data.subset(count), whole[:count])
    assert torch.equal(data.subset(10**9), whole)


def test_a_constant_classifier_is_as_good_as_chance_on_a_part():
    # breaks when a limit takes the first items, which are all of the class 0
    data = in_order()
    model = Constant(data.spec)
    part = measured(model, data, 150)["test/accuracy"]
    assert part == pytest.approx(0.1, abs=0.1)  # 4 standard errors
    assert measured(model, data)["test/accuracy"] == pytest.approx(0.1, abs=0.01)


def subject_of(model: Model, data: Dataset, tmp_path: Any) -> Subject:
    run: Any = SimpleNamespace(plain={"data": {"data": "sorted"}}, path=tmp_path)
    return Subject(run, model, data, data, 150, 0, "test", 0, lambda line: None)


def diagnosed(model: Model, data: Dataset, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path / "checkpoints/00000001").mkdir(parents=True)
    monkeypatch.setattr(diagnosing, "data_of", lambda run, split="train": data)
    run: Any = SimpleNamespace(
        kind=type(model),
        spec=data.spec,
        path=path,
        trained=lambda: (model, 1),
    )
    diagnosing._copies(run)


PLACES: dict[str, tuple[str, Callable[..., Any]]] = {
    "doctor": ("gan", lambda model, data, *_: Reference.of(model, data, data)),
    "sheet": ("autoencoder", lambda model, data, *_: picture_of(model, data)),
    "codes": ("vae", lambda model, data, path, _: codes.cards(subject_of(model, data, path))),
    "copies": (
        "gan",
        lambda model, data, path, _: pictures._copies(
            subject_of(model, data, path), model.sample(150)
        ),
    ),
    "diagnosis": ("gan", lambda model, data, path, patch: diagnosed(model, data, path, patch)),
}


@pytest.mark.parametrize("place", PLACES)
def test_whoever_looks_at_a_part_sees_all_classes(place, small, monkeypatch, tmp_path):
    # breaks when a limited look takes the first items of data that is sorted by class
    name, look = PLACES[place]
    data, seen = in_order(), []
    batch = Dataset.batch

    def watched(self: Dataset, kind: Any, index: Tensor, *more: Any, **named: Any) -> Any:
        seen.append(index)
        return batch(self, kind, index, *more, **named)

    monkeypatch.setattr(Dataset, "batch", watched)
    look(small(name).build(), data, tmp_path, monkeypatch)
    looks = [index for index in seen if len(index) < 3000]
    assert looks
    for index in looks:
        counts = data.columns["label"][index].bincount(minlength=10)
        assert counts.max() <= max(0.2 * len(index), 8), counts.tolist()
