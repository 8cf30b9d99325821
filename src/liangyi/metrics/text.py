"""BLEU of generated sentences, as papers on GANs for text have it.

There a sentence is compared with every reference at once, whole test set or all other samples.
Libraries count all references anew for each sentence, N x M counts; here a table of the highest
count of each n-gram in any one reference is made once, which gives the same numbers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from liangyi.core.errors import UserError

_ALMOST_NONE = 0.1  # stands for 0 matches: method 1 of Chen and Cherry 2014, nltk's epsilon

Gram = tuple[int, ...]
Sentences = Sequence[Sequence[int]]


def bleu(sentences: Sentences, references: Sentences, order: int = 4) -> Tensor:
    """Return BLEU of each sentence [N], lists of words, against all references: 0 to 1.

    Papineni et al., "BLEU: a method for automatic evaluation of machine translation", 2002, for
    each sentence; Texygen's figure is their mean (Zhu et al., arXiv:1802.01886): equal weights of
    1- to `order`-grams; no match counts as 0.1 matches, but no common word at all gives 0. The
    pooled counts of a corpus, as translation has them, are another number.

    Raises:
        UserError: there is nothing to compare, or the order is below 1.
    """
    _check(sentences, references, order, least=1)
    table, lengths = _Table(_counts(references, order)), Counter(map(len, references))
    return _scores(
        [
            _score(counts, table, len(words), _closest(len(words), lengths), order)
            for words, counts in zip(sentences, _counts(sentences, order), strict=True)
        ]
    )


def self_bleu(sentences: Sentences, order: int = 4) -> Tensor:
    """Return BLEU of each sentence [N] against all others: 1 where they are all alike.

    Zhu et al., "Texygen", arXiv:1802.01886, section 2.2, whose figure is the mean; lower is more
    diverse. It grows with N: compare equally many.

    Raises:
        UserError: there are fewer than two sentences, or the order is below 1.
    """
    _check(sentences, sentences, order, least=2)
    every, lengths = _counts(sentences, order), Counter(map(len, sentences))
    table, found = _Table(every), []
    for row, (words, counts) in enumerate(zip(sentences, every, strict=True)):
        others = lengths - Counter([len(words)])
        closest = _closest(len(words), others)
        found.append(_score(counts, table, len(words), closest, order, without=row))
    return _scores(found)


def _scores(found: list[float]) -> Tensor:
    return torch.tensor(found, dtype=torch.float64, device="cpu")


class _Most(NamedTuple):
    """How often one sentence has an n-gram at most, which it is, and the next one."""

    times: int = 0
    row: int = -1
    next: int = 0


class _Table:
    """For each n-gram, how often that sentence has it that has it most often."""

    def __init__(self, sentences: Iterable[Counter[Gram]]) -> None:
        self.most: dict[Gram, _Most] = {}
        for row, counts in enumerate(sentences):
            for gram, count in counts.items():
                most = self.most.get(gram, _Most())
                if count > most.times:
                    self.most[gram] = _Most(count, row, most.times)
                elif count > most.next:
                    self.most[gram] = most._replace(next=count)

    def highest(self, gram: Gram, without: int | None = None) -> int:
        """Return the highest count, one sentence left out."""
        most = self.most.get(gram, _Most())
        return most.next if most.row == without else most.times


def _counts(sentences: Sentences, order: int) -> list[Counter[Gram]]:
    """Count the 1- to `order`-grams of each sentence."""
    return [
        Counter(
            tuple(words[start : start + length])
            for length in range(1, order + 1)
            for start in range(len(words) - length + 1)
        )
        for words in sentences
    ]


def _closest(length: int, lengths: Counter[int]) -> int:
    """Return which length of a reference is nearest, of two that are as near the shorter one."""
    return min(lengths, key=lambda other: (abs(other - length), other))


def _score(
    counts: Counter[Gram],
    table: _Table,
    length: int,
    reference: int,
    order: int,
    without: int | None = None,
) -> float:
    """Return BLEU of one sentence of a length with such counts."""
    matches = [0] * order
    for gram, count in counts.items():
        matches[len(gram) - 1] += min(count, table.highest(gram, without))
    if not matches[0]:
        return 0.0
    logs = [
        math.log((match or _ALMOST_NONE) / max(1, length - width))
        for width, match in enumerate(matches)
    ]
    brevity = min(0.0, 1 - reference / length)
    return math.exp(brevity + math.fsum(logs) / order)


def _check(sentences: Sentences, references: Sentences, order: int, least: int) -> None:
    if not len(sentences) or len(references) < least:
        raise UserError(f"{len(sentences)} sentences against {len(references)} give no BLEU")
    longest = max(map(len, sentences))
    if order < 1 or order > longest:
        raise UserError(f"sentences of {longest} words have no {order}-grams to compare")
