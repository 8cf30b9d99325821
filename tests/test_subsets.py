"""Who looks at a part of the data sees all of it: folders come sorted by class."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from liangyi.core.batch import Labelled
from liangyi.core.model import Model, verb
from liangyi.data import Dataset, choose
from liangyi.doctor import diagnosis
from liangyi.doctor.signals import Reference
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.scorers import codes, pictures
from liangyi.scoring.subject import Subject
from liangyi.session.pictures import sheet_of


class Constant(Model):
    """A classifier that says 0 of everything."""

    eats = (Labelled,)

    def __init__(self, spec: Any) -> None:
        super().__init__(None, spec)

    def networks(self) -> None:
        self.weight = nn.Parameter(torch.zeros(1))

    def updates(self, batch: Any, step: int) -> Any:
        yield from ()  # nobody trains it: it is only looked at

    @verb
    def evaluate(self, batch: Labelled) -> dict[str, Tensor]:
        return {"accuracy": (batch.label == 0).float().mean()}


def in_order() -> Dataset:
    """Return 1,500 digits sorted by class, as a folder of folders serves them."""
    data = choose("digits").split()
    order = data.columns["label"].argsort(stable=True)
    return Dataset(data.spec, {name: x[order] for name, x in data.columns.items()})


def test_a_subset_begins_a_permutation():
    data = in_order()
    whole = data.subset(len(data))
    assert whole.sort().values.tolist() == list(range(1500))
    for count in (0, 1, 150, 1499):
        assert torch.equal(data.subset(count), whole[:count])
    assert torch.equal(data.subset(10**9), whole)


def test_a_constant_classifier_is_as_good_as_chance_on_a_part():
    # breaks when a limit takes the first items, which are all of the class 0
    data = in_order()
    model = Constant(data.spec)
    part = figures_on(model, data, 150)["test/accuracy"]
    assert part == pytest.approx(0.1, abs=0.1)  # 4 standard errors
    assert figures_on(model, data)["test/accuracy"] == pytest.approx(0.1, abs=0.01)


def subject_of(model: Model, data: Dataset) -> Subject:
    run: Any = SimpleNamespace(data_name="sorted", keep_nearest=lambda png: None)
    return Subject(run, model, data, data, 150, 0, "test", 0, False, lambda line: None)


def diagnosed(model: Model, data: Dataset) -> None:
    run: Any = SimpleNamespace(
        kind=type(model),
        spec=data.spec,
        source=lambda: SimpleNamespace(split=lambda split: data),
        data=lambda source: data,
        saved=lambda: [1],
        trained=lambda tell, weights: (model, 1),
    )
    assert diagnosis._copies(run) is not None


PLACES: dict[str, tuple[str, Callable[..., Any]]] = {
    "doctor": ("gan", lambda model, data: Reference.of(model, data, data)),
    "sheet": ("autoencoder", sheet_of),
    "codes": ("vae", lambda model, data: codes.cards(subject_of(model, data))),
    "copies": (
        "gan",
        lambda model, data: pictures._copies(subject_of(model, data), model.sample(150)),
    ),
    "diagnosis": ("gan", diagnosed),
}


@pytest.mark.parametrize("place", PLACES)
def test_whoever_looks_at_a_part_sees_all_classes(place, small, monkeypatch):
    # breaks when a limited look takes the first items of data that is sorted by class
    name, look = PLACES[place]
    data, seen = in_order(), []
    batch = Dataset.batch

    def watched(self: Dataset, kind: Any, index: Tensor, *more: Any, **named: Any) -> Any:
        seen.append(index)
        return batch(self, kind, index, *more, **named)

    monkeypatch.setattr(Dataset, "batch", watched)
    monkeypatch.setattr(pictures, "_COPIES", 300)
    monkeypatch.setattr(diagnosis, "_HELD_OUT", 600)
    look(small(name).build(), data)
    looks = [index for index in seen if len(index) < 1500]
    assert looks
    for index in looks:
        counts = data.columns["label"][index].bincount(minlength=10)
        assert counts.max() <= max(0.2 * len(index), 8), counts.tolist()
