"""Means of metrics between two lines of a log, the same bits however often a training stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class Means:
    """Sums of metrics over the steps since the last line; a checkpoint holds them.

    They are added up in double precision, one step after the other, so that it makes no difference
    where a checkpoint cut the steps in two.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.seconds = 0.0  # that these steps took
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}  # a metric need not be in every step
        self._unread: dict[str, list[Tensor]] = {}

    def add(self, metrics: Mapping[str, Tensor]) -> None:
        """Add one step's metrics; nobody waits for their values."""
        self.steps += 1
        for name, value in metrics.items():
            if value.device.type == "cpu":
                # nobody would; and a tensor that stays behind each step, between its large blocks,
                # keeps these from being found free again
                self._count(name, [value.float().item()])
            else:
                self._unread.setdefault(name, []).append(value)

    def _read(self) -> None:
        unread, self._unread = self._unread, {}
        for name, values in unread.items():
            self._count(name, torch.stack([value.float() for value in values]).tolist())

    def _count(self, name: str, values: list[float]) -> None:
        for value in values:
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._counts[name] = self._counts.get(name, 0) + len(values)

    def close(self) -> dict[str, float]:
        """Return the mean of each metric, and begin anew."""
        self._read()
        means = {name: total / self._counts[name] for name, total in self._sums.items()}
        self.restore({})
        return means

    def state(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        self._read()
        sums = {name: [total, self._counts[name]] for name, total in self._sums.items()}
        return {"steps": self.steps, "seconds": self.seconds, "sums": sums}

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; from nothing, begin anew."""
        sums = plain.get("sums", {})
        self.steps, self.seconds = plain.get("steps", 0), plain.get("seconds", 0.0)
        self._sums = {name: total for name, (total, _) in sums.items()}
        self._counts = {name: count for name, (_, count) in sums.items()}
        self._unread = {}


def weighted_mean(values: list[tuple[float, Tensor]]) -> Tensor:
    """Return the mean of scalars that come with a weight each."""
    if len(values) == 1:
        return values[0][1]
    weighted = torch.stack([weight * value for weight, value in values])
    return weighted.sum() / sum(weight for weight, _ in values)
