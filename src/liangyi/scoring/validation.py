"""The items by which a checkpoint is chosen, and those that are left to reports: they share none.

A figure by which the best of many checkpoints was chosen is too good; the best is therefore chosen
by items of its own, and whoever reports how good it is looks at others.
"""

from __future__ import annotations

from dataclasses import dataclass

from liangyi import fields
from liangyi.core.model import Model
from liangyi.data import Data, Dataset

ENOUGH = 1000  # held-out items from which on samples are scored by them, else by training items
_FEW = 100  # held-out items from which on samples are validated by them
_FEWEST = 20  # items that say which of two checkpoints is better


@dataclass(frozen=True)
class Validation:
    """Which items choose, and which are left."""

    items: Data  # by which checkpoints are compared
    held_out: Data | None  # what reports may look at of the held-out items
    trained: int  # and of the training items: so many at the beginning of their fixed order


def evaluates(model: type[Model] | Model) -> bool:
    """Whether the model's own figures tell how good it is; those of players tell nothing."""
    return "evaluate" in model.verbs() and not model.adversary


def validation_of(model: Model, train: Data, held_out: Data | None) -> Validation | None:
    """Return what chooses the best checkpoint of a model, None where nothing can.

    Its own figures on held-out items where it has such; else samples are compared with items: with
    held-out ones where there are a hundred, else with training items.
    """
    if evaluates(model):
        if held_out is None:
            return None
        return _sound(Validation(held_out.validation(), held_out.reported(), train.size))
    if "sample" not in model.verbs() or not fields.continuous(model.spec.created):
        return None
    if held_out is not None and (not held_out.size or held_out.size >= ENOUGH):
        return Validation(held_out.validation(), held_out.reported(), train.size)
    if held_out is not None and held_out.size >= _FEW:
        # so few are not what samples are scored by
        return Validation(held_out, held_out, train.size)
    items = train.validation()
    return _sound(Validation(items, held_out, train.size - items.size))


def _sound(found: Validation) -> Validation | None:
    few = isinstance(found.items, Dataset) and len(found.items) < _FEWEST
    return None if few else found
