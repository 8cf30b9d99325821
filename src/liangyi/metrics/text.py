"""BLEU of generated sentences, as papers on GANs for text have it.

There a sentence is compared with every reference at once, whole test set or all other samples.
Libraries count all references anew for each sentence, N x M counts; here a table of the highest
count of each n-gram in any one reference is made once, which gives the same numbers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from torch import Tensor

from liangyi.core.errors import UserError

_ALMOST_NONE = 0.1  # stands for 0 matches: method 1 of Chen and Cherry 2014, nltk's epsilon

Gram = tuple[int, ...]


def bleu(sentences: Tensor, references: Tensor, order: int = 4) -> float:
    """Return BLEU of sentences [N L] of tokens against all references [M K]: 0 to 1.

    Papineni et al., "BLEU: a method for automatic evaluation of machine translation", 2002, for
    each sentence, then their mean, as Texygen measures it (Zhu et al., arXiv:1802.01886): equal
    weights of 1- to `order`-grams; no match counts as 0.1 matches, but no common word at all
    gives 0. The pooled counts of a corpus, as translation has them, are another number.

    Raises:
        UserError: there is nothing to compare, or the order is below 1.
    """
    _check(sentences, references, order, least=1)
    table = _Table(_counts(references, order))
    length, reference = sentences.shape[1], references.shape[1]
    found = [
        _score(counts, {gram: table.highest(gram) for gram in counts}, length, reference)
        for counts in _counts(sentences, order)
    ]
    return math.fsum(found) / len(found)


def self_bleu(sentences: Tensor, order: int = 4) -> float:
    """Return the mean BLEU of each sentence [N L] against all others: 1 where they are all alike.

    Zhu et al., "Texygen", arXiv:1802.01886, section 2.2; lower is more diverse. It grows with N:
    compare equally many.

    Raises:
        UserError: there are fewer than two sentences, or the order is below 1.
    """
    _check(sentences, sentences, order, least=2)
    all_counts, length = _counts(sentences, order), sentences.shape[1]
    table = _Table(all_counts)
    found = [
        _score(counts, {gram: table.highest(gram, without=row) for gram in counts}, length, length)
        for row, counts in enumerate(all_counts)
    ]
    return math.fsum(found) / len(found)


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


def _counts(sentences: Tensor, order: int) -> list[Counter[Gram]]:
    """Count the 1- to `order`-grams of each sentence [N L]."""
    return [
        Counter(
            tuple(words[start : start + length])
            for length in range(1, order + 1)
            for start in range(len(words) - length + 1)
        )
        for words in sentences.tolist()
    ]


def _score(counts: Counter[Gram], highest: dict[Gram, int], length: int, reference: int) -> float:
    """Return BLEU of one sentence with such counts; all references have one length."""
    order = max(map(len, counts))
    matches = [0] * order
    for gram, count in counts.items():
        matches[len(gram) - 1] += min(count, highest[gram])
    if not matches[0]:
        return 0.0
    logs = [
        math.log((match or _ALMOST_NONE) / (length - width)) for width, match in enumerate(matches)
    ]
    brevity = min(0.0, 1 - reference / length)
    return math.exp(brevity + math.fsum(logs) / order)


def _check(sentences: Tensor, references: Tensor, order: int, least: int) -> None:
    if order < 1 or order > sentences.shape[-1]:
        raise UserError(
            f"sentences of {sentences.shape[-1]} words have no {order}-grams to compare"
        )
    if not len(sentences) or len(references) < least:
        raise UserError(f"{len(sentences)} sentences against {len(references)} give no BLEU")
