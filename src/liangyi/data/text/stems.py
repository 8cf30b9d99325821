"""Sentences of a planted language of stems and endings, made on the spot: its law is known.

Every word is a stem with an ending, and keeps the company of words that go with its stem, and of
words that go with its ending. So the vectors of a good model add up: `rika` is to `riko` as `tuna`
is to `tuno`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.config import Config, Count
from liangyi.core.spec import PADDING, UNKNOWN, Spec, Words
from liangyi.data.columns import Columns
from liangyi.data.source import Source, source

LENGTH = 12  # words of a sentence
_STEMS = tuple(f"{one}{two}{end}" for one, two, end in product("rtbk", "iau", "kn"))
_ENDINGS = ("a", "o", "is", "em")
_COMPANY = 4  # words that go with each stem, and with each ending
_VERSION = 1  # to be raised whenever the same settings would give other sentences


@dataclass(frozen=True, kw_only=True)
class StemsConfig(Config):
    """How much is said."""

    sentences: Count = 5000  # of 12 words each, to learn from; half as many are held out


@source("stems", "sentences of a planted language of stems and endings, law known")
class Stems(Source):
    """The planted language."""

    Config = StemsConfig

    def __init__(self, config: StemsConfig | None = None) -> None:
        super().__init__(config)
        stems, endings = len(_STEMS), len(_ENDINGS)
        self.words = (PADDING, UNKNOWN, *(f"{s}{e}" for s, e in product(_STEMS, _ENDINGS)))
        self.words += tuple(f"{s}-{n}" for s in _STEMS for n in range(_COMPANY))
        self.words += tuple(f"-{e}{n}" for e in _ENDINGS for n in range(_COMPANY))
        self.with_stems = 2 + stems * endings  # number of the first word that goes with a stem
        self.with_endings = self.with_stems + stems * _COMPANY

    def spec(self) -> Spec:
        """Return what a sentence looks like."""
        token = self._sentences("train")
        counts = tuple(token.flatten().bincount(minlength=len(self.words)).tolist())
        return Spec("token", token=Words(LENGTH, self.words, counts))

    def fingerprint(self, split: str) -> str:
        """Name the language."""
        return f"stems-{self.config.sentences}-{split}-{_VERSION}"

    def items(self, split: str) -> Columns:
        """Return the sentences of a split."""
        return {"token": self._sentences(split)}

    def _sentences(self, split: str) -> Tensor:
        """Draw sentences: a third of each is one word, the others go with its stem or ending."""
        count = self.config.sentences if split == "train" else self.config.sentences // 2 + 1
        dice = draw.generator(0, f"{split} sentences of stems")

        def drawn(high: int, *shape: int) -> Tensor:
            return torch.randint(high, (count, *shape), generator=dice, device="cpu")

        stem, ending = drawn(len(_STEMS), 1), drawn(len(_ENDINGS), 1)
        which, what = drawn(_COMPANY, LENGTH), drawn(3, LENGTH)
        return torch.where(
            what == 0,
            2 + stem * len(_ENDINGS) + ending,
            torch.where(
                what == 1,
                self.with_stems + stem * _COMPANY + which,
                self.with_endings + ending * _COMPANY + which,
            ),
        )

    def analogies(self) -> Tensor:
        """Return all questions a : b = c : d that the law answers: numbers of words [Q 4]."""
        stems, endings = range(len(_STEMS)), range(len(_ENDINGS))
        number = {(s, e): 2 + s * len(_ENDINGS) + e for s, e in product(stems, endings)}
        asked = [
            [number[s, e], number[s, f], number[t, e], number[t, f]]
            for s, t, e, f in product(stems, stems, endings, endings)
            if s != t and e != f
        ]
        return torch.tensor(asked, device="cpu")
