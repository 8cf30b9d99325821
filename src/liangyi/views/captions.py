"""What samples were asked for, in words: the captions of a sheet."""

from __future__ import annotations

import inspect
from typing import Any

from torch import Tensor

from liangyi import fields
from liangyi.core.model import Model, evaluating


def asked(model: Model, count: int, **conditions: Any) -> Tensor | None:
    """Return what `model.sample(count, **conditions)` is asked for, None where that is nothing.

    That is a class for each sample [N], or a caption [N L]; without conditions they come in turn.
    """
    name = _condition(model)
    known = name in inspect.signature(model.asked).parameters
    if not known or conditions.keys() - {name}:  # what it is not asked by, `sample` refuses
        return None
    with evaluating(model):
        return model.asked(count, **conditions).cpu()


def captions(model: Model, asked: Tensor | None) -> tuple[str, ...]:
    """Return what each sample was asked for in words, nothing without any."""
    name = _condition(model)
    return () if asked is None or name is None else tuple(fields.lines(model.spec[name], asked))


def _condition(model: Model) -> str | None:
    known = model.conditions("sample") if "sample" in model.verbs() else []
    return known[0] if len(known) == 1 else None
