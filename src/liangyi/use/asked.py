"""A verb of a trained model asked about many items, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.binding import Binding
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Field, Label, Pixels
from liangyi.fields.pixels import PAPER
from liangyi.use.given import Given

_PART = 256  # items at once
_ROW = 8  # originals in a row, with what became of them below


def answered(
    model: Model, asked: Binding, about: Given | None, settings: Mapping[str, Any], seed: int = 0
) -> Any:
    """Return what a verb gives for all items: a tensor [N ...], columns, or averaged figures.

    Args:
        model: that is asked.
        asked: how.
        about: the items; None: it is asked about nothing.
        settings: of the verb.
        seed: decides its random numbers; those of an item are the same however many there are.

    Raises:
        UserError: the model refuses them; the settings are named as the verb's parameters.
    """
    method = getattr(model, asked.name)
    if about is None:
        return _plain(method(**settings, seed=seed))
    found: list[Any] = []
    counts: list[tuple[int, Mapping[str, float]]] = []
    for first in range(0, len(about), _PART):
        part = {name: v[first : first + _PART].to(model.device) for name, v in about.values.items()}
        count = min(_PART, len(about) - first)
        given = {"batch": asked.batch(**part)} if asked.batch else part
        try:
            found.append(_plain(method(**given, **settings, seed=seed, first=first)))
        except (RuntimeError, ValueError) as error:
            if isinstance(error, UserError) or asked.items[asked.item] is not None:
                raise
            shape = " x ".join(map(str, about.values[asked.item].shape))
            raise UserError(f"{model.name()} cannot {asked.name} {shape} numbers") from error
        counts.append((count, model.means_over(given["batch"]) if asked.batch else {}))
    if isinstance(found[0], dict):
        weights = {name: [over.get(name, count) for count, over in counts] for name in found[0]}
        return {
            name: fmean([figures[name] for figures in found], weights[name]) for name in found[0]
        }
    if asked.columns:
        return asked.result(*map(torch.cat, zip(*found, strict=True)))
    return torch.cat(found)


def _plain(found: Any) -> Any:
    if isinstance(found, tuple):
        return type(found)(*(column.detach().cpu() for column in found))
    if isinstance(found, dict):
        return {name: float(value) for name, value in found.items()}
    return found.detach().cpu()


def table(asked: Binding, names: list[str], found: Any) -> list[dict[str, Any]] | None:
    """Return rows for people where an answer is words or numbers for each item, else None."""
    if asked.columns:
        shown = {name: _cells(asked.columns[name], getattr(found, name)) for name in found._fields}
        return [
            {"asked": name} | {column: cells[row][place] for column, cells in shown.items()}
            for row, name in enumerate(names)
            for place in range(found[0].shape[1])
        ]
    if isinstance(asked.gives, Label):
        classes = asked.gives.names
        if not found.is_floating_point():
            numbers = found.tolist()
            return [{"file": f, "class": classes[n]} for f, n in zip(names, numbers, strict=True)]
        confidence, numbers = found.max(1)
        return [
            {"file": file, "class": classes[number], "confidence": round(sure, 6)}
            for file, number, sure in zip(names, numbers.tolist(), confidence.tolist(), strict=True)
        ]
    if asked.gives is not None and fields.typeable(asked.gives):
        lines = [line.strip() for line in fields.lines(asked.gives, found)]
        return [{asked.item: n, asked.name: line} for n, line in zip(names, lines, strict=True)]
    if isinstance(found, Tensor) and found.dim() == 1:
        return [{"file": f, asked.name: v} for f, v in zip(names, found.tolist(), strict=True)]
    return None


def _cells(field: Field | None, found: Tensor) -> list[list[Any]]:
    """Return values [N K] as what stands in a table."""
    if field is None:
        return [[round(value, 6) for value in row] for row in found.tolist()]
    return [fields.lines(field, row) for row in found]


def kind_of(gives: Field | None, found: Tensor) -> Field | None:
    """Return the field of an answer: pictures may have another size, or lie in rows [R K C H W]."""
    return Pixels(*found.shape[-3:]) if isinstance(gives, Pixels) else gives


def beside(
    originals: Tensor, found: Tensor, value_range: tuple[float, float]
) -> tuple[Tensor, int]:
    """Return pictures [N C H W], each row followed by what became of it, and the row's length."""
    row, (low, high) = min(_ROW, len(found)), value_range
    empty = -len(found) % row
    blank = torch.full_like(found[:1], low + (high - low) * PAPER / 255).expand(empty, -1, -1, -1)
    rows = [torch.cat([part.cpu(), blank]).split(row) for part in (originals, found)]
    return torch.cat([part for pair in zip(*rows, strict=True) for part in pair]), row
