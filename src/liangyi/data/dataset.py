"""Data sets in memory, and the endless streams of batches that are drawn from them.

Batch k is a function of (seed, k): resuming is starting at k. An item's order is a permutation of
its pass over the data, and passes follow each other without a gap, so no item is ever left out.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from liangyi.core import draw, processes
from liangyi.core.batch import Spec
from liangyi.core.errors import UserError

_FITS = 4 * 2**30  # a data set up to this size is kept on the device


@runtime_checkable
class Judge(Protocol):
    """Data whose true law is known can tell how well samples obey it."""

    def judge(self, samples: Tensor) -> dict[str, float]:
        """Return named figures about samples [N ...]; the data's docstring explains them."""


class Dataset:
    """Items in memory (or mapped from a file), one tensor a field.

    Args:
        spec: what one item looks like.
        columns: field name -> tensor whose first dimension is the item: `image` as uint8
            [N C H W], `label` and `token` as int64, `point` as float32.
        fingerprint: names the content, so that a resumed run can tell that it has changed;
            by default a hash of it.
    """

    def __init__(
        self, spec: Spec, columns: Mapping[str, Tensor], fingerprint: str | None = None
    ) -> None:
        self.spec = spec
        self.columns = dict(columns)
        self._fingerprint = fingerprint

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @functools.cached_property
    def fingerprint(self) -> str:
        """A name of the content."""
        if self._fingerprint:
            return self._fingerprint
        digest = hashlib.sha256()
        for name, column in self.columns.items():
            digest.update(name.encode() + column.contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    def batch(
        self,
        kind: type[Any],
        index: Tensor,
        device: torch.device | str = "cpu",
        image_range: tuple[float, float] = (-1.0, 1.0),
    ) -> Any:
        """Gather items [N] as one batch of this type, pictures scaled to the range."""
        fields = []
        for name in kind._fields:
            column = self.columns[name]
            rows = column.index_select(0, index.to(column.device)).to(device)
            if name == "image":
                low, high = image_range
                rows = rows.to(torch.float32).mul_((high - low) / 255).add_(low)
            fields.append(rows)
        return kind(*fields)

    def subset(self, count: int) -> Tensor:
        """Return which `count` items (or all, where there are fewer) stand for the whole data.

        They begin a fixed permutation: data may be sorted, and its first items then be of one
        class.
        """
        dice = draw.generator(0, "subset")
        return torch.randperm(len(self), generator=dice, device="cpu")[:count]

    def to(self, device: torch.device) -> Dataset:
        """Return this data set on a device, or itself when it is too large for that."""
        size = sum(column.numel() * column.element_size() for column in self.columns.values())
        if device.type == "cpu" or size > _FITS:
            return self
        moved = {name: column.to(device) for name, column in self.columns.items()}
        return type(self)._like(self, moved)

    def _like(self, columns: Mapping[str, Tensor]) -> Dataset:
        return Dataset(self.spec, columns, self.fingerprint)


class Law(Judge, Protocol):
    """A known distribution: endless data."""

    spec: Spec
    fingerprint: str

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw items [count ...]."""


class Batches:
    """The endless stream of training batches.

    Args:
        data: a data set or a law.
        kind: batch type that the model eats.
        batch_size: items a batch, over all processes together; each process gets its share.
        seed: decides the order.
        device: where the batches are wanted.
        image_range: range of picture values that the model declares.

    Raises:
        UserError: the batch is larger than the data, or cannot be shared out evenly.
    """

    def __init__(
        self,
        data: Dataset | Law,
        kind: type[Any],
        batch_size: int,
        seed: int = 0,
        device: torch.device | str = "cpu",
        image_range: tuple[float, float] = (-1.0, 1.0),
    ) -> None:
        self.spec = data.spec
        self.items = len(data) if isinstance(data, Dataset) else 0
        if self.items and batch_size > self.items:
            raise UserError(
                f"a batch of {batch_size} is larger than the data: {self.items} items; "
                f"try --batch-size {max(1, self.items // 4)}"
            )
        if batch_size % processes.world():
            raise UserError(
                f"--batch-size {batch_size} is no multiple of the {processes.world()} processes"
            )
        self._device = torch.device(device)
        self._data = data.to(self._device) if isinstance(data, Dataset) else data
        self._kind, self._size, self._seed, self._range = kind, batch_size, seed, image_range
        self._orders = functools.lru_cache(maxsize=2)(self._order)

    def _order(self, epoch: int) -> Tensor:
        generator = draw.generator(self._seed, "order", epoch)
        return torch.randperm(self.items, generator=generator, device="cpu")

    def batch(self, number: int) -> Any:
        """Return this process's share of batch `number`."""
        share = self._size // processes.world()
        first = processes.rank() * share
        if not isinstance(self._data, Dataset):
            generator = draw.generator(self._seed, "points", number)
            items = self._data.draw(self._size, generator)[first : first + share]
            return self._kind(items.to(self._device))
        first += number * self._size
        epoch, start = divmod(first, self.items)
        index = self._orders(epoch)[start : start + share]
        if len(index) < share:  # the batch reaches into the next pass
            index = torch.cat([index, self._orders(epoch + 1)[: share - len(index)]])
        return self._data.batch(self._kind, index, self._device, self._range)
