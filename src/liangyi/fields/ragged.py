"""Lists of unequal length, padded to the longest."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.spec import Ragged
from liangyi.fields import Range


@fields.scaled.register
def _(field: Ragged, stored: Tensor, value_range: Range) -> Tensor:
    return fields.scaled(field.of, stored, value_range)


@fields.stored.register
def _(field: Ragged, values: Tensor, value_range: Range) -> Tensor:
    return fields.stored(field.of, values, value_range)


@fields.example.register
def _(field: Ragged, count: int, device: torch.device) -> Tensor:
    return fields.example(field.of, count * field.most, device).unflatten(0, (count, field.most))


@fields.continuous.register
def _(field: Ragged) -> bool:
    return fields.continuous(field.of)


@fields.facts.register
def _(field: Ragged, values: Tensor) -> dict[str, Any]:
    return {"longest": field.most, **fields.facts(field.of, values.flatten(0, 1))}


@fields.inside.register
def _(field: Ragged, items: Tensor, value_range: Range) -> bool:
    return items.shape[1] <= field.most and fields.inside(
        field.of, items.flatten(0, 1), value_range
    )
