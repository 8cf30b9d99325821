"""Answers to held-out questions: the symbols and the whole answers that are right, and where."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core.binding import bound
from liangyi.core.spec import Words
from liangyi.data import Dataset
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.scoring.subject import Subject

_PART = 1000  # questions that are asked at once


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that answers in words, none of others."""
    data, split = subject.tested
    model, item = subject.model, subject.model.spec.item
    if "answer" not in model.verbs() or not isinstance(model.spec.created, Words) or data is None:
        return []
    question = bound(type(model), "answer", model.spec).item
    batch = subject.gathered(data, data.subset(len(data)))
    wanted = getattr(batch, item)
    given = torch.cat([
        model.answer(part.to(model.device)).cpu() for part in getattr(batch, question).split(_PART)
    ])  # fmt: skip
    right = given == wanted
    symbols, whole = right.float().mean(1), right.all(1)
    blind, guessed = _guessed(subject, wanted)
    facts = {"split": split, "generated": 0, "features": "tokens"}
    found = [
        subject.card("accuracy", float(symbols.mean()), "higher", error=error.of_mean(symbols),
                     about=f"share of symbols that are right; {blind:.3f} without the question",
                     real=len(data), **facts),
        _share(subject, "exact_match", whole,
               f"share of answers without a mistake; {guessed:.3f} without the question", facts),
    ]  # fmt: skip
    for name, values in subject.run.source().strata(batch._asdict()).items():
        for value in values.unique().tolist():
            found.append(
                _share(subject, f"exact_match_{name}_{value}", whole[values == value],
                       f"of the answers where {name} = {value}", facts)
            )  # fmt: skip
    return found


def _share(
    subject: Subject, name: str, whole: Tensor, about: str, facts: dict[str, object]
) -> Card:
    share, count = float(whole.float().mean()), len(whole)
    wrong = error.of_share(share, count)
    return subject.card(name, share, "higher", error=wrong, about=about, real=count, **facts)


def _guessed(subject: Subject, wanted: Tensor) -> tuple[float, float]:
    """Return what the commonest symbol at each place would be right about: symbols, answers."""
    assert isinstance(subject.train, Dataset)
    known = subject.items(subject.train, subject.train.subset(len(subject.train)))
    right = wanted == known.mode(0).values
    return float(right.float().mean()), float(right.all(1).float().mean())
