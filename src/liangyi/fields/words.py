"""Sentences of a fixed length: numbers of words."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.spec import UNKNOWN, Words
from liangyi.fields import Range

_COMMON = 5  # words that are named
_BLOCK = 2**24  # pairs of words that are compared at once


@fields.scaled.register
def _(field: Words, stored: Tensor, value_range: Range) -> Tensor:
    return stored.long()  # large texts are kept in 32 bits


@fields.example.register
def _(field: Words, count: int, device: torch.device) -> Tensor:
    return torch.zeros(count, field.length, dtype=torch.int64, device=device)


@fields.continuous.register
def _(field: Words) -> bool:
    return False


@fields.distances.register
def _(field: Words, one: Tensor, other: Tensor) -> Tensor:
    """Count the places at which sentences differ."""
    rows = max(1, _BLOCK // max(1, other.numel()))
    parts = [(part[:, None] != other).flatten(2).sum(2).float() for part in one.split(rows)]
    return torch.cat(parts)


@fields.read.register
def _(field: Words) -> bool:
    return True


def sentences(field: Words, items: Tensor) -> list[list[int]]:
    """Return sentences [N L] as lists of words, each up to its end."""
    rows: list[list[int]] = items.detach().cpu().tolist()
    end = field.end
    return [row[: row.index(end)] if end in row else row for row in rows]


@fields.inside.register
def _(field: Words, items: Tensor, value_range: Range) -> bool:
    whole = items.shape[1:] == field.shape and not items.is_floating_point()
    return whole and bool(((items >= 0) & (items < field.count)).all())


@fields.shown.register
def _(field: Words) -> int:
    return 40


@fields.facts.register
def _(field: Words, values: Tensor) -> dict[str, Any]:
    counts = values.flatten().bincount(minlength=field.count)
    most = counts.argsort(descending=True, stable=True)[:_COMMON]
    names = fields.lines(Words(1, field.vocabulary), most[:, None])
    return {
        "length": field.length,
        "vocabulary": field.count,
        "used": int((counts > 0).sum()),
        "most common": {name.strip(): int(counts[n]) for name, n in zip(names, most, strict=True)},
        "different": len(values.unique(dim=0)),
    }


@fields.lines.register
def _(field: Words, items: Tensor) -> list[str]:
    rows = items.detach().cpu().tolist()
    if isinstance(field.vocabulary, int):
        width = len(str(field.vocabulary - 1))
        return [" ".join(str(word).rjust(width) for word in row) for row in rows]
    words = field.vocabulary
    # letters stand close
    join = "" if all(len(word) <= 1 for word in words if word != UNKNOWN) else " "
    found = [join.join(words[number] for number in row) for row in rows]
    return [line.rstrip(" ") for line in found] if join else found  # of padding
