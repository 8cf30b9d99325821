"""A kind of field that nobody planned for works by its own registrations, and by none at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.errors import UserError
from liangyi.core.spec import Field, Ragged, Size, Spec
from liangyi.data import Batches, Dataset
from liangyi.fields.listing import listing

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Compass(Field):
    """Directions: stored as whole degrees, seen as turns of 0 to 1."""

    needles: Size

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.needles,)


@dataclass(frozen=True)
class Unsaid(Field):
    """A kind that says nothing of itself."""

    sides: Size = 2

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.sides, self.sides)


@fields.scaled.register
def _(field: Compass, stored: Tensor, value_range: fields.Range) -> Tensor:
    return stored.float() / 360


@fields.stored.register
def _(field: Compass, values: Tensor, value_range: fields.Range) -> Tensor:
    return (values.detach().cpu() * 360).round().short()


@fields.coordinates.register
def _(field: Compass, items: Tensor) -> Tensor:
    angle = items * 2 * torch.pi
    return torch.cat([angle.cos(), angle.sin()], 1)


@fields.lines.register
def _(field: Compass, items: Tensor) -> list[str]:
    return [" ".join("NESW"[int(4 * turn + 0.5) % 4] for turn in row) for row in items.tolist()]


class Headings(NamedTuple):
    heading: Annotated[Tensor, Compass]


def compasses() -> Dataset:
    degrees = torch.tensor([[0, 90], [180, 270], [359, 1]], dtype=torch.int16)
    return Dataset(Spec("heading", heading=Compass(2)), {"heading": degrees})


def test_its_values_reach_a_model_scaled_and_the_disk_as_they_were() -> None:
    data = compasses()
    seen = Batches(data, Headings, 3).batch(0).heading
    assert seen.dtype == torch.float32 and 0 <= float(seen.min()) <= float(seen.max()) < 1
    kept = fields.stored(data.spec.created, seen, (-1, 1))
    assert sorted(kept.tolist()) == sorted(data.columns["heading"].tolist())


def test_it_is_compared_and_written_as_it_says() -> None:
    field, data = Compass(2), compasses()
    turns = data.some(3, Headings).heading
    apart = fields.distances(field, turns[:1], turns[:1] + 1)  # a full turn later
    assert float(apart) == pytest.approx(0, abs=1e-3)
    assert sorted(fields.lines(field, turns)) == ["N E", "N N", "S W"]
    # and what it does not say follows from that: its sheet is a listing of its lines
    sheet = fields.sheet(field, turns, (-1, 1), None, ["a", "b", "c"])
    wanted = listing(fields.lines(field, turns), ["a", "b", "c"])
    assert np.array_equal(np.array(sheet), np.array(wanted))


def test_it_is_kept_in_config_json_and_found_again() -> None:
    spec = Spec("route", route=Ragged(Compass(3), 5), start=Unsaid())
    assert Spec.parse(spec.json()) == spec
    plain = spec.json()
    plain["fields"]["route"]["of"]["needles"] = 0
    with pytest.raises(UserError, match="Compass needles"):
        Spec.parse(plain)


def test_lists_of_it_are_lists_of_what_it_means() -> None:
    stored = torch.tensor([[[90, 180], [0, 0]]], dtype=torch.int16)
    seen = fields.scaled(Ragged(Compass(2), 2), stored, (-1, 1))
    assert seen.flatten().tolist() == [0.25, 0.5, 0, 0]


def test_a_kind_that_says_nothing_is_numbers() -> None:
    field = Unsaid()
    example = fields.example(field, 3, CPU)
    assert example.shape == (3, 2, 2) and fields.inside(field, example, (-1, 1))
    assert not fields.inside(field, example / 0, (-1, 1))
    assert fields.scaled(field, example, (-1, 1)) is example
    assert torch.equal(fields.stored(field, example, (-1, 1)), example)
    assert fields.continuous(field) and fields.shown(field) == 64
    assert fields.distances(field, example, example + 1).tolist() == [[2.0] * 3] * 3
    assert fields.lines(field, example + 0.123456) == ["0.1235 0.1235 0.1235 0.1235"] * 3
    assert fields.lines(field, example[:0]) == []
    assert fields.sheet(field, example, (-1, 1)).width > 0


def test_a_batch_of_another_kind_is_not_served() -> None:
    class Wrong(NamedTuple):
        heading: Annotated[Tensor, Unsaid]

    assert compasses().spec.serves(Headings) and not compasses().spec.serves(Wrong)
    assert compasses().spec.missing(Wrong) == ["heading"]
