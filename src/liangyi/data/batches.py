"""The endless stream of training batches."""

from __future__ import annotations

from typing import Any

import torch

from liangyi import fields
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.data.dataset import Data


class Batches:
    """The endless stream of training batches; batch k is a function of (seed, k) alone.

    Args:
        data: what to draw from.
        kind: batch type that the model eats.
        batch_size: items a batch, over all processes together; each process gets its share.
        seed: decides the order.
        device: where the batches are wanted.
        value_range: range of picture values that the model declares.
        rank: number of this process.
        world: processes that share each batch.

    Raises:
        UserError: the batch is larger than the data, or cannot be shared out evenly.
    """

    def __init__(
        self,
        data: Data,
        kind: type[Any],
        batch_size: int,
        seed: int = 0,
        device: torch.device | str = "cpu",
        value_range: fields.Range = (-1.0, 1.0),
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.spec, self.items = data.spec, data.size
        if self.items and batch_size > self.items:
            raise UserError(
                f"a batch of {batch_size} is larger than the data: {many(self.items, 'item')}",
                setting="batch_size",
                better=max(1, self.items // 4),
            )
        if batch_size % world:
            raise UserError(
                f"{batch_size} is no multiple of the {world} processes", setting="batch_size"
            )
        self._device = torch.device(device)
        self._data = data.to(self._device)
        self._kind, self._size, self._seed, self._range = kind, batch_size, seed, value_range
        share = batch_size // world
        self._share = slice(rank * share, (rank + 1) * share)

    def batch(self, number: int) -> Any:
        """Return this process's share of batch `number`."""
        rows = self._data.rows(self._seed, number, self._size, self._share)
        return self._data.collated(self._kind, rows, self._device, self._range)
