"""Labels: one class of several."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.spec import Label
from liangyi.fields import Range


@fields.scaled.register
def _(field: Label, stored: Tensor, value_range: Range) -> Tensor:
    return stored.long()  # many are stored as bytes


@fields.example.register
def _(field: Label, count: int, device: torch.device) -> Tensor:
    return torch.arange(count, device=device) % len(field.names)


@fields.continuous.register
def _(field: Label) -> bool:
    return False


@fields.coordinates.register
def _(field: Label, items: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(items, len(field.names)).float()


@fields.inside.register
def _(field: Label, items: Tensor, value_range: Range) -> bool:
    return not items.is_floating_point() and bool(((items >= 0) & (items < len(field.names))).all())


@fields.facts.register
def _(field: Label, values: Tensor) -> dict[str, Any]:
    counts = values.flatten().bincount(minlength=len(field.names)).tolist()
    return {"classes": dict(zip(field.names, counts, strict=True))}


@fields.lines.register
def _(field: Label, items: Tensor) -> list[str]:
    return [field.names[number] for number in items.tolist()]
