"""Columns: the values of one field for all items, and how some of them are taken.

Most are tensors whose first dimension is the item. What is not (lists of unequal length, patches of
photographs, pictures put together when they are asked for) is a `Column` of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

Dice = Callable[[int], Tensor]  # k -> numbers of U(0, 1) for the items that are taken, [N k]


class Column(Protocol):
    """Values of one field."""

    def __len__(self) -> int:
        """Return the number of items."""

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Return the values of items [N] under "", and what comes with them, as `mask`."""

    def to(self, device: torch.device) -> Column:
        """Return the column on a device."""

    def parts(self) -> Sequence[Tensor]:
        """Return the tensors that it is made of: its content, for fingerprint and size."""


Columns = Mapping[str, Tensor | Column]
# changes the rows of a training batch
Vary = Callable[[dict[str, Tensor], Dice], dict[str, Tensor]]


class Part:
    """Some of the items of a column.

    Args:
        whole: the column.
        index: numbers of the items, [N].
    """

    def __init__(self, whole: Column, index: Tensor) -> None:
        self.whole, self.index = whole, index

    def __len__(self) -> int:
        return len(self.index)

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Return the values of items [N] of this part."""
        return self.whole.take(self.index[index.to(self.index.device)], dice)

    def to(self, device: torch.device) -> Part:
        """Return the part on a device; its numbers stay where they are."""
        return Part(self.whole.to(device), self.index)

    def parts(self) -> Sequence[Tensor]:
        """Return what the whole column is made of, and the numbers."""
        return *self.whole.parts(), self.index


class Lists:
    """Lists of unequal length, kept one after the other.

    Args:
        values: of all lists together, [M ...].
        counts: length of each list, [N].
        most: length to which they are padded.
    """

    def __init__(self, values: Tensor, counts: Tensor, most: int) -> None:
        self.values, self.counts, self.most = values, counts, most
        self.starts = counts.cumsum(0) - counts

    def __len__(self) -> int:
        return len(self.counts)

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Return lists [N most ...] and their mask [N most]."""
        index = index.to(self.counts.device)
        place = torch.arange(self.most, device=index.device)
        mask = place < self.counts[index, None]
        rows = (self.starts[index, None] + place).where(mask, 0)
        values = self.values[rows]
        shape = (*mask.shape, *[1] * (values.dim() - 2))
        return {"": values * mask.view(shape).to(values.dtype), "mask": mask}

    def to(self, device: torch.device) -> Lists:
        """Return the lists on a device."""
        return Lists(self.values.to(device), self.counts.to(device), self.most)

    def parts(self) -> Sequence[Tensor]:
        """Return the values and the lengths."""
        return self.values, self.counts


class Patches:
    """Square parts of pictures of mixed sizes, another one at every look.

    Args:
        pictures: bytes [C H W] each, no side below `size`.
        size: of a patch.
        factor: places and sizes are multiples of it, so that a smaller copy lies on whole pixels.
    """

    def __init__(self, pictures: Sequence[Tensor], size: int, factor: int = 1) -> None:
        self.pictures, self.size, self.factor = list(pictures), size, factor

    def __len__(self) -> int:
        return len(self.pictures)

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Return one patch [N C size size] of each picture."""
        places = zip(index.tolist(), dice(2).tolist(), strict=True)
        return {"": torch.stack([self._cut(number, *place) for number, place in places])}

    def _cut(self, number: int, down: float, right: float) -> Tensor:
        picture = self.pictures[number]
        height, width = picture.shape[1:]
        top = int(down * ((height - self.size) // self.factor + 1)) * self.factor
        left = int(right * ((width - self.size) // self.factor + 1)) * self.factor
        return picture[:, top : top + self.size, left : left + self.size]

    def to(self, device: torch.device) -> Patches:
        """Stay where the pictures are: patches travel."""
        return self

    def parts(self) -> Sequence[Tensor]:
        """Return the pictures."""
        return self.pictures


def taken(fields: Container[str], columns: Columns, index: Tensor, dice: Dice) -> dict[str, Tensor]:
    """Return items [N] of columns; what comes with one is a field of its own name, or NAME_part."""
    found: dict[str, Tensor] = {}
    for name, column in columns.items():
        if isinstance(column, Tensor):
            found[name] = column.index_select(0, index.to(column.device))
        else:
            for part, values in column.take(index, dice).items():
                own = part in fields
                found[part if own else f"{name}_{part}" if part else name] = values
    return found


def size_in_bytes(columns: Columns) -> int:
    """Return how many bytes columns take."""
    parts = [[c] if isinstance(c, Tensor) else c.parts() for c in columns.values()]
    return sum(part.numel() * part.element_size() for column in parts for part in column)
