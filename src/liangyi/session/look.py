"""A look at data before anything is trained on it: what it holds, what is wrong, how to begin."""

from __future__ import annotations

import dataclasses
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor

from liangyi import fields
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec, Vector
from liangyi.data import Data, Dataset, Source
from liangyi.data.arrays import ArrayFile
from liangyi.data.columns import Column, Dice
from liangyi.data.pictures import inventory
from liangyi.data.pictures.chosen import count_of
from liangyi.data.pictures.folder import Folder
from liangyi.data.pictures.inventory import Inventory
from liangyi.session.beginning import Beginning, beginning, served

_SOME = 10_000  # items of an endless source, or of what is no plain tensor
_PART = 1024  # pictures that are put together at once
_NOBODY = (0.0, 255.0)  # a range in which pictures are shown as they are stored


@dataclasses.dataclass(frozen=True, kw_only=True)
class Looked:
    """What was seen."""

    data: str
    items: int  # that are learned from; 0: endless
    held_out: int
    fields: dict[str, dict[str, Any]]  # what each field holds, by name
    pictures: Inventory | None
    said: list[str]  # how the data was understood
    begin: Beginning | None
    why_not: str  # why there is nothing to begin with

    def json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        plain = dataclasses.asdict(self)
        if self.pictures is not None:
            sizes = {f"{w}x{h}": n for (w, h), n in self.pictures.sizes.items()}
            plain["pictures"]["sizes"] = sizes
        return plain


def look(source: Source) -> Looked:
    """Look at data and measure how long a first training would take.

    Raises:
        UserError: it is not there, or nothing in it can be read.
    """
    if isinstance(source, Folder):
        return _folder(source)
    if isinstance(source, ArrayFile) and (holes := _holes(source)):
        why = (
            "values that are not finite (NaN, infinite) cannot be learned: drop or mend their rows"
        )
        return Looked(
            data=source.name, items=max(h["rows"] for h in holes.values()), held_out=0,
            fields=holes, pictures=None, said=[], begin=None, why_not=why,
        )  # fmt: skip
    data, test = source.split("train"), source.split("test")
    if data is None:
        raise UserError(f"{source.name} has nothing to train on")
    held_out = test.size if test is not None else 0
    known = {name: fields.facts(field, rows) for name, field, rows in _rows(data)}
    found = None
    if isinstance(data, Dataset) and isinstance(data.spec.created, Pixels):
        classes = known["label"].get("classes") if "label" in known else None
        found = inventory.of_pictures(_parts(data), classes, held_out)
    begin, why = _begin(source, data.spec, data.size, held_out, {})
    return Looked(
        data=source.name, items=data.size, held_out=held_out, fields=known, pictures=found,
        said=source.findings(), begin=begin, why_not=why,
    )  # fmt: skip


def _folder(source: Folder) -> Looked:
    assert source.path is not None
    source.demand_one_form()
    found, config = inventory.of_folder(source.path), source.config
    channels = 1 if found.grey == found.pictures or config.grey else 3
    size, count, held_out = config.size, found.pictures, found.held_out
    spec = Spec("image", image=Pixels(channels, size or 1, size or 1))
    if found.classes:
        spec = spec.replace(label=Label(tuple(found.classes)))
    spec = source.form_of(spec)
    if config.classes or config.per_class:
        count = count_of(found.classes, config.classes, config.per_class)
    if config.classes:
        held_out = inventory.held_out_of(source.path, spec.classes)  # by their names
    if size is None:
        spec, size = served(spec, found.sizes)
    given = {"size": size} if size else {}
    begin, why = _begin(source, spec, count, held_out, given)
    return Looked(
        data=source.name, items=count, held_out=held_out, fields={},
        pictures=found, said=[], begin=begin, why_not=why,
    )  # fmt: skip


def _begin(
    source: Source, spec: Spec, items: int, held_out: int, given: dict[str, Any]
) -> tuple[Beginning | None, str]:
    own = dataclasses.asdict(source.config)
    usual = dataclasses.asdict(type(source).Config())
    typed = {name.replace("_", "-"): value for name, value in own.items() if value != usual[name]}
    try:
        found = beginning(source.name, spec, items, held_out, typed | given)
    except UserError as error:
        return None, str(error)
    return found, "" if found else f"no model here draws such data ({', '.join(spec.fields)})"


def _rows(data: Data) -> Iterator[tuple[str, Any, Tensor]]:
    """Yield each field with its values as they are stored: all, or some where there are many."""
    drawn: dict[str, Tensor] = {}
    for name, field in data.spec.fields.items():
        column = data.columns.get(name) if isinstance(data, Dataset) else None
        if not isinstance(column, Tensor) or isinstance(field, Pixels):
            count = min(_SOME, data.size or _SOME)
            drawn = drawn or data.rows(0, 0, count, slice(None))
            column = drawn[name]
            if f"{name}_mask" in drawn:  # lists: what is there, each as a list of its own
                column = column[drawn[f"{name}_mask"]][:, None]
        yield name, field, column


def _parts(data: Dataset) -> Iterator[Tensor]:
    """Yield all pictures, put together part by part where they are not stored so."""
    column: Tensor | Column = data.columns[data.spec.item]
    if isinstance(column, Tensor):
        yield column
        return
    every = torch.arange(len(column), device="cpu")
    for index in every.split(_PART):
        yield column.take(index, _even(len(index)))[""]


def _even(count: int) -> Dice:
    """Return dice that show the middle each time, for so many items."""
    return lambda width: torch.full((count, width), 0.5, device="cpu")


def _holes(source: ArrayFile) -> dict[str, dict[str, Any]]:
    """Return what arrays hold in which some values are not finite; nothing where all are."""
    found = {}
    for name, array in source.raw().items():
        if array.dtype.kind == "f" and array.ndim >= 1 and len(array):
            rows = torch.as_tensor(array.reshape(len(array), -1), device="cpu").float()
            facts = fields.facts(Vector(rows.shape[1]), rows)
            if facts["not finite"]:
                where = (~rows.isfinite().all(1)).nonzero()[:5, 0].tolist()
                found[name or "the array"] = {"rows": len(rows), "first of them": where} | facts
    return found


def sheet(source: Source) -> Image:
    """Draw some of the data, a fair sample, as one picture.

    Raises:
        UserError: it is not there, or nothing in it can be read.
    """
    if isinstance(source, Folder):
        assert source.path is not None
        side = source.config.size or 64
        field = Pixels(1 if source.config.grey else 3, side, side)
        pixels = inventory.some(source.path, fields.shown(field), field.shape)
        return fields.sheet(field, pixels.float(), _NOBODY)
    data = source.split("train")
    if data is None:
        raise UserError(f"{source.name} has nothing to train on")
    item = data.spec.item
    kind = namedtuple("Shown", (item,))  # type: ignore[misc]
    items = data.some(fields.shown(data.spec.created), kind, value_range=_NOBODY)[0]
    return fields.sheet(data.spec.created, items, _NOBODY)
