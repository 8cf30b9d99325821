"""Asking a model for much: in parts, so that memory is bounded; a sample is the same in any."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.core.model import Model, evaluating, unasked
from liangyi.core.spec import Field

PART = 512  # drawn at once


def demand_verb(model: Model | type[Model], verb: str) -> None:
    """Make sure that a model can do this.

    Raises:
        UserError: it cannot.
    """
    if verb not in model.verbs():
        raise UserError(
            f"{model.name()} cannot {verb}; it can: {', '.join(model.verbs()) or 'nothing'}"
        )


def demand(model: Model, verb: str, seed: int, conditions: Mapping[str, Any]) -> None:
    """Make sure that a model can be asked for this.

    Raises:
        UserError: it cannot.
    """
    demand_verb(model, verb)
    known, asks = model.conditions(verb), model.verbs()[verb].parameters
    for name, value in conditions.items():
        # a setting of its own will do, a field that the data lacks will not
        if name not in known and (name not in asks or name.capitalize() in Field.kinds):
            raise unasked(model, verb, name)
        if name in inspect.signature(model.asked).parameters:
            model.asked(1, **{name: value})  # which knows the classes, or the words
    if not 0 <= seed < 2**63:
        raise UserError("should be 0, 1, 2 ...", setting="seed")


def parts(
    model: Model, count: int, seed: int = 0, truncation: float | None = None, **conditions: Any
) -> Iterator[Tensor]:
    """Yield `count` samples in parts, on the CPU: together they are `model.sample(count)`.

    Args:
        model: that draws them.
        count: samples.
        seed: decides them.
        truncation: deviations within which normal noise is drawn; None: all of it.
        **conditions: what they shall be, such as a `label`.

    Raises:
        UserError: the model does not sample, or not under such conditions.
    """
    demand(model, "sample", seed, conditions)
    if count < 1:
        raise UserError("should be 1 or more", setting="number")
    for first in range(0, count, PART):
        number = min(PART, count - first)
        drawn = model.sample(number, seed=seed, first=first, truncation=truncation, **conditions)
        yield drawn.cpu()


def samples(model: Model, count: int, seed: int = 0, **conditions: Any) -> Tensor:
    """Return `count` samples [count ...] on the CPU.

    Raises:
        UserError: the model does not sample, or not under such conditions.
    """
    return torch.cat(list(parts(model, count, seed, **conditions)))


def generated(model: Model, count: int, seed: int = 0, given: Any = None) -> Any:
    """Return a generated batch of `count` items, on the CPU, in evaluation mode.

    Args:
        model: that generates.
        count: items.
        seed: decides them.
        given: a batch of as many items whose conditions are taken; else they are drawn.
    """
    found = []
    for first in range(0, count, PART):
        number = min(PART, count - first)
        asked = None
        if given is not None:
            rows = (part[first : first + number].to(model.device) for part in given)
            asked = type(given)(*rows)
        with evaluating(model, seed, first):
            batch = model.generated(number, asked)
        found.append(type(batch)(*(part.detach().cpu() for part in batch)))
    return type(found[0])(*(torch.cat(columns) for columns in zip(*found, strict=True)))
