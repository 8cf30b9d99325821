"""Vectors of words: by what people find alike, and by analogies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from liangyi.core.counts import many
from liangyi.core.spec import PADDING, UNKNOWN, Word
from liangyi.data.text import lists
from liangyi.metrics.card import Card
from liangyi.metrics.embeddings import analogy_accuracy, similarity_correlation
from liangyi.metrics.error import of_correlation, of_share
from liangyi.scoring.subject import Subject

_FEWEST = 10  # pairs or questions, below which nothing is said
_PAIRS = {
    "wordsim_353": "EN-WS-353-ALL.txt",
    "simlex_999": "EN-SIMLEX-999.txt",
    "men": "EN-MEN-TR-3k.txt",
}
_QUESTIONS = "questions-words.txt"


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that embeds words, none of others."""
    field = subject.model.spec.created.part
    if "embed" not in subject.model.verbs() or not isinstance(field, Word):
        return []
    known = {word: n for n, word in enumerate(field.vocabulary) if word not in (PADDING, UNKNOWN)}
    index = torch.tensor(list(known.values()), device=subject.model.device)
    vectors = subject.model.embed(index).cpu()
    found, there = scores(dict(zip(known, range(len(known)), strict=True)), vectors, lists.place())
    if not there:
        subject.tell(
            f"{lists.place()} has none of {', '.join([*_PAIRS.values(), _QUESTIONS])}; "
            "LIANGYI_WORDS may name the folder where they lie"
        )
    elif not found:
        subject.tell(f"the model knows the words of too few lines of the lists in {lists.place()}")
    return [
        subject.card(name, value, "higher", error=error, real=count, generated=0,
                     split="list", data=data, features="the verb embed", about=about)
        for name, value, error, count, data, about in found
    ]  # fmt: skip


Score = tuple[str, float, float, int, str, str]  # name, value, error, count, data, about


def scores(known: Mapping[str, int], vectors: Tensor, place: Path) -> tuple[list[Score], bool]:
    """Return what lists say of vectors [V D], and whether there is any list.

    Args:
        known: number of each word.
        vectors: of the words.
        place: folder of the lists.
    """
    found: list[Score] = []
    there = False
    for name, file in _PAIRS.items():
        if (place / file).is_file():
            there = True
            found += _of_pairs(name, place / file, known, vectors)
    if (place / _QUESTIONS).is_file():
        there = True
        found += _of_questions(place / _QUESTIONS, known, vectors)
    return found, there


def _of_pairs(name: str, path: Path, known: Mapping[str, int], vectors: Tensor) -> list[Score]:
    every = lists.pairs(path)
    rows = [(_number(a, known), _number(b, known), like) for a, b, like in every]
    kept = [(a, b, like) for a, b, like in rows if a is not None and b is not None]
    if len(kept) < _FEWEST:
        return []
    asked = torch.tensor([row[:2] for row in kept], device="cpu")
    human = torch.tensor([row[2] for row in kept], device="cpu")
    value = similarity_correlation(vectors, asked, human)
    about = f"Spearman's, of {len(kept):,} of {many(len(every), 'pair')} whose words are known"
    return [(name, value, of_correlation(value, len(kept)), len(kept), _named(path), about)]


def _of_questions(path: Path, known: Mapping[str, int], vectors: Tensor) -> list[Score]:
    parts: dict[str, list[list[int]]] = {"analogies": []}
    asked = 0
    for section, questions in lists.analogies(path).items():
        kind = "syntactic" if section.startswith("gram") else "semantic"
        asked += len(questions)
        for question in questions:
            numbers = [_number(word, known) for word in question]
            kept = [number for number in numbers if number is not None]
            if len(kept) == len(numbers):
                parts["analogies"].append(kept)
                parts.setdefault(f"analogies_{kind}", []).append(kept)
    return [
        (name, value := analogy_accuracy(vectors, torch.tensor(rows, device="cpu")),
         of_share(value, len(rows)), len(rows), _named(path),
         f"3CosAdd, {len(rows):,} questions whose words are known, of {asked:,} in all")
        for name, rows in parts.items()
        if len(rows) >= _FEWEST
    ]  # fmt: skip


def _number(word: str, known: Mapping[str, int]) -> int | None:
    return known.get(word, known.get(word.lower()))


def _named(path: Path) -> str:
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
