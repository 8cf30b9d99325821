"""Sentences of a fixed length: numbers of words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.counts import few, many
from liangyi.core.errors import UserError, shown, unknown
from liangyi.core.spec import PADDING, UNKNOWN, Words
from liangyi.fields import Range

_COMMON = 5  # words that are named
_BLOCK = 2**24  # pairs of words that are compared at once
_MARKS = ".,;:!?'\"()"  # around a word that somebody types


def cut(text: str) -> list[str]:
    """Return the words of a text: runs of letters and digits in lower case, no punctuation."""
    return re.findall(r"\w+(?:['’]\w+)*", text.lower())


@fields.scaled.register
def _(field: Words, stored: Tensor, value_range: Range) -> Tensor:
    return stored.long()  # large texts are kept in 32 bits


@fields.example.register
def _(field: Words, count: int, device: torch.device) -> Tensor:
    return torch.zeros(count, field.length, dtype=torch.int64, device=device)


@fields.continuous.register
def _(field: Words) -> bool:
    return False


@fields.distances.register
def _(field: Words, one: Tensor, other: Tensor) -> Tensor:
    """Count the places at which sentences differ."""
    rows = max(1, _BLOCK // max(1, other.numel()))
    parts = [(part[:, None] != other).flatten(2).sum(2).float() for part in one.split(rows)]
    return torch.cat(parts)


@fields.read.register
def _(field: Words) -> bool:
    return True


def sentences(field: Words, items: Tensor) -> list[list[int]]:
    """Return sentences [N L] as lists of words, each up to its end."""
    rows: list[list[int]] = items.detach().cpu().tolist()
    end = field.end
    return [row[: row.index(end)] if end in row else row for row in rows]


@fields.inside.register
def _(field: Words, items: Tensor, value_range: Range) -> bool:
    whole = items.shape[1:] == field.shape and not items.is_floating_point()
    return whole and bool(((items >= 0) & (items < field.count)).all())


@fields.shown.register
def _(field: Words) -> int:
    return 40


@fields.facts.register
def _(field: Words, values: Tensor) -> dict[str, Any]:
    counts = values.flatten().bincount(minlength=field.count)
    if field.end is not None:
        counts[field.end] = 0  # padding is no word
    used = int((counts > 0).sum())
    most = counts.argsort(descending=True, stable=True)[: min(_COMMON, used)]
    names = fields.lines(Words(1, field.vocabulary), most[:, None])
    return {
        "length": field.length,
        "vocabulary": field.count,
        "used": used,
        "most common": {name.strip(): int(counts[n]) for name, n in zip(names, most, strict=True)},
        "different": len(values.unique(dim=0)),
    }


@fields.lines.register
def _(field: Words, items: Tensor) -> list[str]:
    rows = items.detach().cpu().tolist()
    if isinstance(field.vocabulary, int):
        width = len(str(field.vocabulary - 1))
        return [" ".join(str(word).rjust(width) for word in row) for row in rows]
    words = field.vocabulary
    join = "" if _letters(words) else " "  # letters stand close
    found = [join.join(words[number] for number in row) for row in rows]
    return [line.rstrip(" ") for line in found] if join else found  # of padding


@fields.typeable.register
def _(field: Words) -> bool:
    return not isinstance(field.vocabulary, int)


@fields.typed.register
def _(field: Words, texts: Sequence[str]) -> Tensor:
    """Look each word up; what is shorter is filled up with padding, or with spaces.

    Where one word stands for all others, a text needs one that is known; case and punctuation are
    overlooked. Where all words are such as a text is cut into, one that is typed is cut alike.
    """
    words = field.vocabulary
    if isinstance(words, int):
        raise UserError(f"{shown(texts[0])} says nothing: words have numbers here; give FILE.npy")
    apart = list if _letters(words) else cut if _cut_so(words) else str.split
    rows = [apart(text) for text in texts]
    numbers = {word: number for number, word in enumerate(words)}
    filler = numbers.get(PADDING, numbers.get(" ", -1))
    found = np.full((len(rows), field.length), filler)
    for place, (row, text) in enumerate(zip(rows, texts, strict=True)):
        short = len(row) < field.length and filler < 0
        if short or len(row) > field.length or not row:
            most = "" if short else "at most "
            noun = "symbol" if _letters(words) else "word"
            raise UserError(f"{shown(text)!r} has {many(len(row), noun)}; {most}{field.length} fit")
        found[place, : len(row)] = _numbers(row, text, numbers)
    return torch.from_numpy(found)


def _numbers(row: Sequence[str], text: str, numbers: Mapping[str, int]) -> list[int]:
    """Return the number of each word of a text."""
    named = [word for word in numbers if word.strip() and word != UNKNOWN]
    other = numbers.get(UNKNOWN)
    if other is None:
        try:
            return [numbers[word] for word in row]
        except KeyError as error:
            noun = "symbol" if _letters([*numbers]) else "word"
            raise unknown(noun, error.args[0], named) from None
    plain = [word if word in numbers else word.lower().strip(_MARKS) for word in row]
    found = [numbers.get(word or UNKNOWN, other) for word in plain]
    if all(number == other for number in found):
        raise UserError(f"no word of {shown(text)!r} is known; there are: {few(named, 25)}")
    return found


def _cut_so(words: Sequence[str]) -> bool:
    """Whether sentences were cut into these words by `cut`, and lack what it leaves out."""
    return UNKNOWN in words and all(
        cut(word) == [word] for word in words if word not in (PADDING, UNKNOWN)
    )


def _letters(words: Sequence[str]) -> bool:
    return all(len(word) <= 1 for word in words if word != UNKNOWN)
