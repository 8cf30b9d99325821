"""What is scored, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from liangyi.core import draw
from liangyi.core.config import from_plain
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.run import Run
from liangyi.data import DataConfig, Dataset, Law
from liangyi.measuring import items_of
from liangyi.metrics.card import Card
from liangyi.sampling import samples
from liangyi.session import data_of

ENOUGH = 1000  # held-out items from which on they are what samples are compared with


@dataclass
class Subject:
    """A trained model, its samples, and two sets of real items that share none.

    The first set is what samples are compared with; the second takes the samples' place once, which
    gives the floor that no model can be expected to fall below. Where a thousand items or more are
    held out the first set is of those and the second of the training items; elsewhere they are two
    halves of the training items.
    """

    run: Run
    model: Model
    train: Dataset | Law
    held_out: Dataset | Law | None
    number: int
    seed: int
    split: str
    step: int
    tell: Callable[[str], None]

    @classmethod
    def of(cls, run: Run, number: int, seed: int, tell: Callable[[str], None]) -> Subject:
        """Load everything.

        Raises:
            UserError: the run has no checkpoint, its data is gone, or the number makes no sense.
        """
        if number < 10:
            raise UserError(f"--number {number}: ten samples are the least that say anything")
        if not 0 <= seed < 2**63:
            raise UserError(f"--seed {seed} is out of range; try 0, 1, 2 ...")
        model, step = run.trained(tell)
        train = data_of(run)
        assert train is not None
        held_out = data_of(run, "test")
        if not isinstance(train, Dataset):
            split = "law"
        elif isinstance(held_out, Dataset) and len(held_out) >= ENOUGH:
            split, number = "test", min(number, len(held_out), len(train))
        else:
            split, number = "train", min(number, len(train) // 2)
        if number < 10:
            raise UserError(f"{len(train)} items are too few to score against; 20 or more would do")  # type: ignore[arg-type]
        return cls(run, model, train, held_out, number, seed, split, step, tell)

    def card(self, metric: str, value: float, better: str, **more: Any) -> Card:
        """Return a card with what all cards of this subject share."""
        plain = self.run.plain["data"]
        facts: dict[str, Any] = {
            "real": self.number,
            "generated": self.number,
            "split": self.split,
            "data": f"{plain['data']} {self.train.fingerprint}",
            "seed": self.seed,
            "step": self.step,
        }
        return Card(metric=metric, value=value, better=better, **(facts | more))  # type: ignore[arg-type]

    @property
    def config(self) -> DataConfig:
        """What data the run learned from."""
        return from_plain(DataConfig, self.run.plain["data"])

    def samples(self, **conditions: Any) -> Tensor:
        """Draw as many samples as there are real items."""
        return samples(self.model, self.number, self.seed, **conditions)

    def real(self) -> tuple[Tensor, Tensor]:
        """Return two sets of real items [number ...] that share none, in the model's range."""
        if not isinstance(self.train, Dataset):
            first, second = (
                self.train.draw(self.number, draw.generator(0, "real points", part))
                for part in (0, 1)
            )
            return first, second
        first, second = self.order()
        data = self.held_out if self.split == "test" else self.train
        assert isinstance(data, Dataset)
        return self.items(data, first), self.items(self.train, second)

    def order(self) -> tuple[Tensor, Tensor]:
        """Return which items of the split, and which training items, are taken: always the same."""
        assert isinstance(self.train, Dataset)
        if self.split == "train":
            first, second = self.train.subset(2 * self.number).split(self.number)
            return first, second
        assert isinstance(self.held_out, Dataset)
        return self.held_out.subset(self.number), self.train.subset(self.number)

    def items(self, data: Dataset, index: Tensor) -> Tensor:
        """Return real items [N ...], in the model's range, on the CPU."""
        return items_of(self.model, data, index)
