"""Sums of two numbers, as questions and answers in symbols; made on the spot.

The task of Keras' example `addition_rnn`, after Zaremba and Sutskever, "Learning to execute",
arXiv:1410.4615: each number has 1 to `digits` digits, length and digits drawn at random. No sum is
there twice, 61+535 counting as 535+61, so that no held-out sum was learned the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from annotated_types import Ge, Le
from torch import Tensor

from liangyi import fields
from liangyi.core import capacity, draw
from liangyi.core.config import Config
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec, Words
from liangyi.data.columns import Columns
from liangyi.data.source import Source, source

SYMBOLS = tuple(" +0123456789")  # a space fills up what is shorter, and is a symbol like others
_HELD_OUT = 10  # one in so many
_VERSION = 1  # to be raised whenever the same settings would give other sums


@dataclass(frozen=True, kw_only=True)
class AdditionsConfig(Config):
    """The size of the numbers, and of the data."""

    digits: Annotated[int, Ge(1), Le(9)] = 3  # of each number, at most
    questions: Annotated[int, Ge(10), Le(5_000_000)] = 50_000  # different ones; a tenth is held out


@source("additions", "sums of two numbers, as questions and answers; made on the spot")
class Additions(Source):
    """Sums of two numbers."""

    Config = AdditionsConfig

    def __init__(self, config: AdditionsConfig | None = None) -> None:
        super().__init__(config)
        digits, questions = self.config.digits, self.config.questions
        there = 10**digits * (10**digits + 1) // 2
        if questions > there:
            raise UserError(
                f"there are only {there:,} different sums of numbers of up to "
                f"{many(digits, 'digit')}, counting a+b and b+a once",
                setting="questions", better=there,
            )  # fmt: skip
        size = 8 * questions * (sum(field.length for field in self._fields()) + 6)
        capacity.demand_memory(size, f"{questions:,} sums", "give fewer questions")

    def _fields(self) -> tuple[Words, Words]:
        digits = self.config.digits
        return Words(2 * digits + 1, SYMBOLS), Words(digits + 1, SYMBOLS)

    def spec(self) -> Spec:
        """Return what a sum looks like."""
        question, answer = self._fields()
        return Spec("answer", question=question, answer=answer)

    def fingerprint(self, split: str) -> str:
        """Name the sums."""
        return f"additions-{self.config.digits}x{self.config.questions}-{split}-{_VERSION}"

    def items(self, split: str) -> Columns:
        """Write down the sums of a split."""
        one, other = self._pairs(split)
        question, answer = self._fields()
        asked = [f"{a}+{b}" for a, b in zip(one.tolist(), other.tolist(), strict=True)]
        told = [str(total) for total in (one + other).tolist()]
        return {"question": fields.typed(question, asked), "answer": fields.typed(answer, told)}

    def _pairs(self, split: str) -> tuple[Tensor, Tensor]:
        """Return the numbers [N] and [N] of a split's sums."""
        count = self.config.questions
        every = np.empty((0, 2), np.int64)
        for drawn in self._draws():
            every = np.concatenate([every, drawn])
            _, first = np.unique(np.sort(every, 1), axis=0, return_index=True)
            every = every[np.sort(first)][:count]
            if len(every) == count:
                break
        # rare sums come late: what is held out must be none of the last alone
        order = torch.randperm(count, generator=draw.generator(0, "additions order"), device="cpu")
        held_out = count // _HELD_OUT
        chosen = order[:-held_out] if split == "train" else order[-held_out:]
        one, other = torch.from_numpy(every)[chosen].unbind(1)
        return one, other

    def _draws(self) -> Iterator[np.ndarray]:
        """Yield pairs [M 2] of random numbers for ever."""
        digits, dice = self.config.digits, draw.generator(0, "additions")
        while True:
            size = (max(self.config.questions, 10_000), 2)
            length = torch.randint(1, digits + 1, size, generator=dice, device="cpu")
            share = torch.rand(size, generator=dice, dtype=torch.float64, device="cpu")
            yield (share * 10**length).long().numpy()

    def strata(self, rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return what makes a sum easy or hard: its carries, and its answer's digits."""
        lines = fields.lines(self._fields()[0], rows["question"])
        pairs = [[int(number) for number in line.split("+")] for line in lines]
        one, other = torch.tensor(pairs, device="cpu").unbind(1)
        powers = [10**place for place in range(1, self.config.digits + 1)]
        carries = torch.stack([one % power + other % power >= power for power in powers]).sum(0)
        length = 1 + torch.stack([one + other >= power for power in powers]).sum(0)
        return {"carries": carries, "length": length}
