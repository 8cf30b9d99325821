"""Generated sentences: by the oracle that made the real ones, and by what they share with those."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import torch
from torch import Tensor

from liangyi.core.spec import Words
from liangyi.data import Dataset
from liangyi.fields.words import sentences
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.metrics.text import bleu, self_bleu
from liangyi.scoring.subject import Subject

_BLEU = 500  # sentences that are compared with each other
_GROUPS = 20  # parts of the sentences, whose spread tells how far a mean is to be trusted


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that writes sentences, none of others."""
    model = subject.model
    if "sample" not in model.verbs() or not isinstance(model.spec.created, Words):
        return []
    return [*_of_the_law(subject), *_of_held_out(subject), *_of_word_groups(subject)]


def _of_the_law(subject: Subject) -> list[Card]:
    """Return what the law that made the real sentences says of the samples."""
    truth = subject.train.truth
    if truth is None:
        return []
    floor, parts = truth(subject.pair[1]), subject.samples.chunk(_GROUPS)
    return [
        subject.card(name, value, "lower", floor=floor[name],
                     **_spread([truth(part)[name] for part in parts]), features="tokens",
                     about="nats a word that the true law gives to the samples")
        for name, value in truth(subject.samples).items()
    ]  # fmt: skip


def _of_held_out(subject: Subject) -> list[Card]:
    """Return the model's own figures on held-out sentences; the law's own are the floor."""
    model, data, truth = subject.model, subject.held_out, subject.train.truth
    about = "of held-out sentences, by the model"
    if not isinstance(data, Dataset) or "evaluate" not in model.verbs():
        return []
    parts = [
        _on(subject.gathered(data, part), model.device)
        for part in data.subset(len(data)).chunk(_GROUPS)
    ]
    seen = [(model.evaluate(part), model.means_over(part), len(part[0])) for part in parts]
    floors = {} if truth is None else {"nll": truth(subject.pair[0]).get("oracle_nll")}
    if floors.get("nll") is not None:
        about += "; floor: by the true law"
    found = []
    for name in seen[0][0]:
        each = [float(figures[name]) for figures, _, _ in seen]
        weights = [counts.get(name, items) for _, counts, items in seen]
        found.append(
            subject.card(name, statistics.fmean(each, weights), "lower", **_spread(each, weights),
                         floor=floors.get(name), split="test", generated=0, real=len(data),
                         about=about, features="tokens")
        )  # fmt: skip
    return found


def _on(batch: tuple[Tensor, ...], device: torch.device) -> tuple[Tensor, ...]:
    return type(batch)(*(part.to(device) for part in batch))


def _spread(
    each: Sequence[float], weights: Sequence[float] | None = None
) -> dict[str, float | int]:
    """Return the standard error of the weighted mean of parts, and how much that is known by."""
    if len(each) < 2:
        return {}
    weight = torch.tensor(weights or [1.0] * len(each), device="cpu")
    away = error.of_ratio(weight * torch.tensor(each, device="cpu"), weight)
    return {"error": away, "degrees": len(each) - 1}


def _of_word_groups(subject: Subject) -> list[Card]:
    """Return BLEU against real sentences, and of samples against each other."""
    model, few = subject.model, min(_BLEU, subject.number)
    field = model.spec.created
    assert isinstance(field, Words)
    drawn, real, other = (
        sentences(field, items[:few]) for items in (subject.samples, *subject.pair)
    )
    longest = min(max(map(len, rows)) for rows in (drawn, real, other))
    if longest < 1:
        return []  # sentences without a word share none
    order = min(4, longest)
    facts = {"features": "tokens", "real": few, "generated": few}
    own, alike = bleu(drawn, real, order), self_bleu(drawn, order)
    return [
        subject.card(f"bleu_{order}", float(own.mean()), "higher", error=error.of_mean(own),
                     floor=float(bleu(other, real, order).mean()),
                     about="word groups shared with real sentences", **facts),
        # each sentence is also what all others are compared with: twice the variance of a mean
        subject.card(f"self_bleu_{order}", float(alike.mean()), "lower",
                     error=2**0.5 * error.of_mean(alike),
                     floor=float(self_bleu(other, order).mean()),
                     about="word groups that samples share: high is monotonous", **facts),
    ]  # fmt: skip
