"""Some of the classes of a data set, and at most so many items of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.core.model import number_of
from liangyi.core.spec import Label, Spec
from liangyi.data.dataset import Dataset


def numbers(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return the numbers of classes by their names or numbers, in the order of the data.

    Args:
        names: of all classes.
        wanted: some of them; nothing: all.

    Raises:
        UserError: there is no such class, or the data has no classes at all.
    """
    if not names:
        raise UserError("this data has no classes; leave it out", setting="classes")
    try:
        found = {number_of(name, names) for name in wanted}
    except UserError as error:
        raise UserError(error.message, setting="classes") from None
    return sorted(found) or list(range(len(names)))


def spec_of(whole: Spec, wanted: Sequence[str]) -> Spec:
    """Return what data looks like of which only some classes are kept."""
    if not wanted:
        return whole
    kept = numbers(whole.classes, wanted)
    return whole.replace(label=Label(tuple(whole.classes[number] for number in kept)))


def chosen(data: Dataset, names: Sequence[str], wanted: Sequence[str], most: int | None) -> Dataset:
    """Return the items of some classes, which are numbered anew.

    Args:
        data: all items, with a column `label`.
        names: of all classes.
        wanted: those that are kept; nothing: all.
        most: items of each; None: all. Which ones is decided by a fixed permutation.

    Raises:
        UserError: there is no such class, or the data has none at all.
    """
    kept = _kept(names, wanted)
    column = data.columns["label"]
    assert isinstance(column, Tensor)
    order = data.subset(len(data))
    shuffled = column[order]
    found = [order[shuffled == number][:most] for number in kept]
    index = torch.cat(found).sort().values
    about = "-".join(map(str, (*kept, "most", most or "all")))
    part = data.part(index, about)
    place = torch.full((len(names),), -1, device="cpu")
    for new, number in enumerate(kept):
        place[number] = new
    label = part.columns["label"]
    assert isinstance(label, Tensor)
    columns = {**part.columns, "label": place[label]}
    return Dataset(spec_of(data.spec, wanted), columns, part.fingerprint, data.truth, data.vary)


def count_of(counts: Mapping[str, int], wanted: Sequence[str], most: int | None) -> int:
    """Return how many items `chosen` keeps of data with so many of each class.

    Raises:
        UserError: as `chosen`.
    """
    each = list(counts.values())
    return sum(min(each[number], most or each[number]) for number in _kept([*counts], wanted))


def _kept(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return the numbers of the classes that are kept, of which some are wanted or few of each."""
    if not names and not wanted:
        raise UserError("this data has no classes; leave it out", setting="per_class")
    return numbers(names, wanted)
