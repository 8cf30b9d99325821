"""Single words of a vocabulary."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.spec import Word
from liangyi.fields import Range


@fields.example.register
def _(field: Word, count: int, device: torch.device) -> Tensor:
    return torch.arange(count, device=device) % len(field.vocabulary)


@fields.continuous.register
def _(field: Word) -> bool:
    return False


@fields.inside.register
def _(field: Word, items: Tensor, value_range: Range) -> bool:
    known = (items >= 0) & (items < len(field.vocabulary))
    return not items.is_floating_point() and bool(known.all())


@fields.lines.register
def _(field: Word, items: Tensor) -> list[str]:
    return [field.vocabulary[number] for number in items.tolist()]
