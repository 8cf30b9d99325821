"""What samples were asked for, in words: the captions of a sheet."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from liangyi import fields
from liangyi.core.model import Model, evaluating


def asked(model: Model, count: int, **conditions: Any) -> Tensor | None:
    """Return the classes [N] that `model.sample(count, **conditions)` draws, None without such."""
    if "sample" not in model.verbs() or model.conditions("sample") != ["label"]:
        return None
    with evaluating(model):  # without a label the classes come in turn
        return model.asked(count, **conditions).cpu()


def captions(model: Model, label: Tensor | None) -> tuple[str, ...]:
    """Return the name of each class [N], nothing without any."""
    return () if label is None else tuple(fields.lines(model.spec["label"], label))
