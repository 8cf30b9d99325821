"""Labels: one class of several."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.spec import Label
from liangyi.fields import Range


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


@fields.lines.register
def _(field: Label, items: Tensor) -> list[str]:
    return [field.names[number] for number in items.tolist()]
