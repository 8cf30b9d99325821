"""Vocabularies: which words a model knows, and how often each occurs in the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from liangyi.core.spec import PADDING, UNKNOWN


class Vocabulary(NamedTuple):
    """Words by number: 0 is padding, 1 stands for all that are unknown, then the most frequent."""

    words: tuple[str, ...]
    counts: tuple[int, ...]  # how often each occurs; padding never does

    @classmethod
    def of(cls, counts: Counter[str], min_count: int, most: int) -> Vocabulary:
        """Choose the words that occur at least so often, the most frequent ones at most.

        Among words of equal counts the first in the alphabet are taken.
        """
        ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        special = (PADDING, UNKNOWN)
        kept = [
            (word, count)
            for word, count in ordered
            if count >= min_count and word not in special
        ][:most]  # fmt: skip
        unknown = counts.total() - sum(count for _, count in kept)
        return cls(
            (*special, *(word for word, _ in kept)), (0, unknown, *(count for _, count in kept))
        )

    def numbers(self, words: Iterable[str], known: dict[str, int]) -> list[int]:
        """Return the numbers of words; `known` is `index()`, made once."""
        return [known.get(word, 1) for word in words]

    def index(self) -> dict[str, int]:
        """Return the number of each word."""
        return {word: number for number, word in enumerate(self.words)}
