"""Generated sentences: by the oracle that made the real ones, and by what they share with those."""

from __future__ import annotations

from liangyi.data import Dataset, Judge
from liangyi.measuring import test
from liangyi.metrics.card import Card
from liangyi.metrics.text import bleu, self_bleu
from liangyi.scoring.subject import Subject

_BLEU = 500  # sentences that are compared with each other


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that writes sentences, none of others."""
    model = subject.model
    if not hasattr(model, "sample") or not model.spec.vocabulary:
        return []
    drawn, (real, other) = subject.samples(), subject.real()
    facts = {"features": "tokens"}
    found = []
    if isinstance(subject.train, Judge):
        truth, floor = subject.train.judge(drawn), subject.train.judge(other)
        found = [
            subject.card(name, value, "lower", floor=floor[name],
                         about="nats a word that the true law gives to the samples", **facts)
            for name, value in truth.items()
        ]  # fmt: skip
    if isinstance(subject.held_out, Dataset):
        own = test(model, subject.held_out)
        found += [
            subject.card(name.removeprefix("test/"), value, "lower", split="test", generated=0,
                         real=len(subject.held_out), about="of held-out sentences, by the model",
                         **facts)
            for name, value in own.items()
        ]  # fmt: skip
    few = min(_BLEU, subject.number)
    facts |= {"real": few, "generated": few}  # type: ignore[dict-item]
    order = min(4, model.spec.shape[0])
    found.append(subject.card(f"bleu_{order}", bleu(drawn[:few], real[:few], order), "higher",
                              floor=bleu(other[:few], real[:few], order),
                              about="word groups shared with real sentences", **facts))  # fmt: skip
    found.append(subject.card(f"self_bleu_{order}", self_bleu(drawn[:few], order), "lower",
                              floor=self_bleu(other[:few], order),
                              about="word groups that samples share: high is monotonous",
                              **facts))  # fmt: skip
    return found
