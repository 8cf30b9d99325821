"""One split of some data, finite or endless, and the endless stream of batches drawn from it.

Batch k is a function of (seed, k): resuming is starting at k. An item's order is a permutation of
its pass over the data, and passes follow each other without a gap, so no item is ever left out.
"""

from __future__ import annotations

import functools
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core import draw
from liangyi.core.spec import Spec
from liangyi.data.columns import Column, Columns, Dice, Part, Vary, size_in_bytes, taken

VALIDATION = 1000  # items by which checkpoints are chosen, or a fifth of fewer than 5,000
_FITS = 4 * 2**30  # a data set up to this size is kept on the device
Truth = Callable[[Tensor], dict[str, float]]


class Data(ABC):
    """One split: what its items look like, and how to have some.

    Args:
        spec: what one item looks like.
        fingerprint: names the content, so that a resumed run can tell that it has changed.
        truth: returns figures about generated items that only a known law can give, if it is known.
    """

    size: int  # items; 0: endless

    def __init__(self, spec: Spec, fingerprint: str | None, truth: Truth | None) -> None:
        self.spec, self.truth = spec, truth
        self._fingerprint = fingerprint

    @property
    def fingerprint(self) -> str:
        """A name of the content."""
        return self._fingerprint or self._digest()

    @abstractmethod
    def _digest(self) -> str:
        """Return a hash of the content."""

    @abstractmethod
    def rows(self, seed: int, number: int, size: int, share: slice) -> dict[str, Tensor]:
        """Return a share of training batch `number`, as it is stored."""

    @abstractmethod
    def some(
        self,
        count: int,
        kind: type[Any],
        device: torch.device | str = "cpu",
        value_range: fields.Range = (-1.0, 1.0),
    ) -> Any:
        """Return at most so many items as one batch: a fair sample, the same at every look."""

    def to(self, device: torch.device) -> Data:
        """Return this data on a device, or itself when it is too large for that."""
        return self

    @abstractmethod
    def reported(self) -> Data:
        """Return what reports may look at where a checkpoint is chosen by `validation`."""

    @abstractmethod
    def validation(self) -> Data:
        """Return the items by which a checkpoint is chosen; `reported` has none of them."""

    def collated(
        self, kind: type[Any], rows: Mapping[str, Tensor], device: Any, value_range: fields.Range
    ) -> Any:
        """Return stored rows as a batch, as models see it."""
        found = []
        for name in kind._fields:
            row = rows[name].to(device)
            field = self.spec.fields.get(name)
            found.append(row if field is None else fields.scaled(field, row, value_range))
        return kind(*found)


class Endless(Data):
    """A law that can be drawn from for ever."""

    size = 0

    def __init__(
        self,
        spec: Spec,
        draw_items: Callable[[int, torch.Generator], Columns],
        fingerprint: str,
        split: str = "train",
        truth: Truth | None = None,
    ) -> None:
        super().__init__(spec, fingerprint, truth)
        self._draw, self.split = draw_items, split

    def _digest(self) -> str:
        return f"{self.spec!r}"

    def rows(self, seed: int, number: int, size: int, share: slice) -> dict[str, Tensor]:
        """Return a share of training batch `number`."""
        return self.drawn(size, draw.generator(seed, f"items {self.split}", number), share)

    def drawn(self, count: int, generator: torch.Generator, share: slice) -> dict[str, Tensor]:
        """Draw items and return a share of them."""
        columns = self._draw(count, generator)
        index = torch.arange(count, device="cpu")[share]
        return taken(self.spec.fields, columns, index, _dice(generator, count, share))

    def some(
        self,
        count: int,
        kind: type[Any],
        device: torch.device | str = "cpu",
        value_range: fields.Range = (-1.0, 1.0),
    ) -> Any:
        """Draw so many items, the same at every look."""
        rows = self.drawn(count, draw.generator(0, f"look {self.split}"), slice(None))
        return self.collated(kind, rows, device, value_range)

    def reported(self) -> Endless:
        """Return the law itself."""
        return self

    def validation(self) -> Endless:
        """Return the same law, drawn from a stream of its own."""
        name = f"validation of {self.split}"
        return Endless(self.spec, self._draw, self.fingerprint, name, self.truth)


class Dataset(Data):
    """Items in memory (or mapped from a file), one column a field.

    Args:
        spec: what one item looks like.
        columns: field name -> values: `image` as uint8 [N C H W], labels and words as int64,
            numbers as float32; or a `Column` that knows how to give them.
        fingerprint: names the content; by default a hash of it.
        truth: returns figures about generated items, where the law is known.
        vary: changes training batches, each item by random numbers of its own.
    """

    def __init__(
        self,
        spec: Spec,
        columns: Columns,
        fingerprint: str | None = None,
        truth: Truth | None = None,
        vary: Vary | None = None,
    ) -> None:
        super().__init__(spec, fingerprint, truth)
        self.vary = vary
        self.columns = dict(columns)
        self.tables = self._lengths()
        self.size = self.tables[0]

    def __len__(self) -> int:
        return self.size

    def _lengths(self) -> list[int]:
        """Return the lengths of the sets in it: columns of unequal length are not paired."""
        return list(dict.fromkeys(len(column) for column in self.columns.values()))

    def _digest(self) -> str:
        if not hasattr(self, "_hash"):
            digest = hashlib.sha256()
            for name, column in self.columns.items():
                parts = [column] if isinstance(column, Tensor) else column.parts()
                digest.update(name.encode())
                for part in parts:
                    digest.update(part.cpu().contiguous().numpy().tobytes())
            self._hash = digest.hexdigest()[:16]
        return self._hash

    def rows(self, seed: int, number: int, size: int, share: slice) -> dict[str, Tensor]:
        """Return a share of training batch `number`."""
        places = range(number * size, (number + 1) * size)[share]
        indices = [self._order(seed, table, places) for table in range(len(self.tables))]
        rows = self.gathered(indices, _dice(draw.generator(seed, "dice", number), size, share))
        if self.vary is None:
            return rows
        return self.vary(rows, _dice(draw.generator(seed, "variation", number), size, share))

    def _order(self, seed: int, table: int, places: range) -> Tensor:
        """Return which items stand at these places of the endless order."""
        items, found, start = self.tables[table], [], places.start
        while start < places.stop:
            epoch, first = divmod(start, items)
            last = min(items, first + places.stop - start)
            found.append(_permutation(items, seed, table, epoch)[first:last])
            start += last - first
        return torch.cat(found)

    def gathered(self, indices: list[Tensor], dice: Dice) -> dict[str, Tensor]:
        """Return items by their numbers, one list of numbers for each of the sets in it."""
        found: dict[str, Tensor] = {}
        for name, column in self.columns.items():
            index = indices[self.tables.index(len(column))]
            found |= taken(self.spec.fields, {name: column}, index, dice)
        return found

    def batch(
        self,
        kind: type[Any],
        index: Tensor,
        device: torch.device | str = "cpu",
        value_range: fields.Range = (-1.0, 1.0),
    ) -> Any:
        """Gather items [N] as one batch of this type, as models see them."""
        indices = [index % self.tables[0], *self._beside(index)]
        rows = self.gathered(indices, _dice(draw.generator(0, "dice"), len(index), slice(None)))
        return self.collated(kind, rows, device, value_range)

    def _beside(self, index: Tensor) -> Iterator[Tensor]:
        """Yield which items of the further sets are looked at, by a fixed permutation of each."""
        for table, length in enumerate(self.tables[1:], 1):
            order = torch.randperm(
                length, generator=draw.generator(0, "subset", table), device="cpu"
            )
            yield order[index % length]

    def subset(self, count: int) -> Tensor:
        """Return the numbers of at most so many items: a fixed permutation, never the first n."""
        order = torch.randperm(self.size, generator=draw.generator(0, "subset"), device="cpu")
        return order[:count]

    def some(
        self,
        count: int,
        kind: type[Any],
        device: torch.device | str = "cpu",
        value_range: fields.Range = (-1.0, 1.0),
    ) -> Any:
        """Return at most so many items, the same at every look."""
        return self.batch(kind, self.subset(count), device, value_range)

    def reported(self) -> Dataset:
        """Return all but the items of `validation`."""
        return self.part(self.subset(self.size - self._reserved()), "reported")

    def validation(self) -> Dataset:
        """Return the last items of the fixed permutation: a fifth, but at most VALIDATION."""
        return self.part(self.subset(self.size)[self.size - self._reserved() :], "validation")

    def _reserved(self) -> int:
        return min(VALIDATION, self.size // 5)

    def part(self, index: Tensor, name: str) -> Dataset:
        """Return some of the items; sets of another length beside them stay whole."""
        columns: dict[str, Tensor | Column] = {}
        for field, column in self.columns.items():
            if len(column) != self.size:
                columns[field] = column
            elif isinstance(column, Tensor):
                columns[field] = column.index_select(0, index.to(column.device))
            else:
                columns[field] = Part(column, index)
        return Dataset(self.spec, columns, f"{self.fingerprint}-{name}", self.truth)

    def to(self, device: torch.device) -> Dataset:
        """Return this data set on a device, or itself when it is too large for that."""
        if device.type == "cpu" or size_in_bytes(self.columns) > _FITS:
            return self
        moved = {name: column.to(device) for name, column in self.columns.items()}
        return Dataset(self.spec, moved, self.fingerprint, self.truth, self.vary)


@functools.lru_cache(maxsize=8)
def _permutation(items: int, seed: int, table: int, epoch: int) -> Tensor:
    other = (table,) if table else ()  # of a second set
    return torch.randperm(
        items, generator=draw.generator(seed, "order", epoch, *other), device="cpu"
    )


def _dice(generator: torch.Generator, count: int, share: slice) -> Dice:
    """Return random numbers for a share of a batch: those that one process would have drawn."""
    return lambda width: torch.rand(count, width, generator=generator, device="cpu")[share]
