"""What each kind of field means: one kind, one file.

The functions here are found by the type of a field (`functools.singledispatch`); what stands here
is the meaning of a kind that says nothing else. A new kind is one more file (or one of your own,
imported): its description, a subclass of `liangyi.core.spec.Field`, and what differs.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from liangyi.core import errors
from liangyi.core.errors import UserError
from liangyi.core.spec import Field

if TYPE_CHECKING:
    from PIL.Image import Image

Range = tuple[float, float]  # lowest and highest value that a model declares for pictures


@singledispatch
def scaled(field: Field, stored: Tensor, value_range: Range) -> Tensor:
    """Return values as a model sees them, of rows as they are stored."""
    return stored


@singledispatch
def stored(field: Field, values: Tensor, value_range: Range) -> Tensor:
    """Return values as they are stored, on the CPU: the inverse of `scaled`."""
    return values.detach().cpu()


@singledispatch
def example(field: Field, count: int, device: torch.device) -> Tensor:
    """Return some items [count ...] as a model sees them: what shapes are tried out with."""
    return torch.zeros(count, *field.shape, device=device)


@singledispatch
def continuous(field: Field) -> bool:
    """Whether what lies between two items is an item, so that slopes mean something."""
    return True


@singledispatch
def coordinates(field: Field, items: Tensor) -> Tensor:
    """Return items [N ...] as points [N D] whose distances compare them."""
    return items.flatten(1).float()


@singledispatch
def distances(field: Field, one: Tensor, other: Tensor) -> Tensor:
    """Return the distances [N M] of items [N ...] to others [M ...]."""
    one, other = coordinates(field, one), coordinates(field, other)
    # far from the origin the squares would cancel
    centre = other.mean(0)
    return torch.cdist(one - centre, other - centre)


@singledispatch
def inside(field: Field, items: Tensor, value_range: Range) -> bool:
    """Whether items are what this kind allows."""
    return items.shape[1:] == field.shape and bool(items.isfinite().all())


@singledispatch
def shown(field: Field) -> int:
    """Return how many items one picture shows."""
    return 64


@singledispatch
def read(field: Field) -> bool:
    """Whether items are read rather than looked at: a line each says all of them."""
    return False


@singledispatch
def overlaid(field: Field) -> bool:
    """Whether a sheet shows real and generated items in one drawing."""
    return False


@singledispatch
def facts(field: Field, values: Tensor) -> dict[str, Any]:
    """Return what can be said of stored values [N ...], as JSON: what somebody looks at first."""
    return {"shape": list(field.shape)}


@singledispatch
def lines(field: Field, items: Tensor) -> list[str]:
    """Return items as text, a line each."""
    rows = items.detach().cpu().flatten(1).tolist() if len(items) else []
    return [" ".join(f"{value:.4g}" for value in row) for row in rows]


@singledispatch
def typeable(field: Field) -> bool:
    """Whether people can type such items, so that `lines` and `typed` are each other's inverse."""
    return False


@singledispatch
def typed(field: Field, texts: Sequence[str]) -> Tensor:
    """Return items [N ...] as people type them, a text each: the inverse of `lines`.

    Raises:
        UserError: items of this kind cannot be typed, or a text is none.
    """
    raise UserError(f"{errors.shown(texts[0])} holds no {field}; give them as FILE.npy")


@singledispatch
def sheet(
    field: Field,
    items: Tensor,
    value_range: Range,
    truth: Tensor | None = None,
    captions: Sequence[str] = (),
) -> Image:
    """Draw items [N ...] as one picture.

    Args:
        field: their kind.
        items: what to draw, in the model's range.
        value_range: that range.
        truth: real items [M ...] to compare with, where the kind shows them together.
        captions: what to say of each item, or nothing.
    """
    from liangyi.fields.listing import listing

    return listing(lines(field, items), captions)


# every file of this folder registers what its kind means
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
