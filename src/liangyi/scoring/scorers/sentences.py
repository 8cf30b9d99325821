"""Generated sentences: by the oracle that made the real ones, and by what they share with those."""

from __future__ import annotations

from liangyi.core.spec import Words
from liangyi.data import Dataset
from liangyi.metrics.card import Card
from liangyi.metrics.text import bleu, self_bleu
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.subject import Subject

_BLEU = 500  # sentences that are compared with each other


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that writes sentences, none of others."""
    model = subject.model
    if "sample" not in model.verbs() or not isinstance(model.spec.created, Words):
        return []
    drawn, (real, other) = subject.samples, subject.pair
    facts = {"features": "tokens"}
    found = []
    if subject.train.truth is not None:
        truth, floor = subject.train.truth(drawn), subject.train.truth(other)
        found = [
            subject.card(name, value, "lower", floor=floor[name],
                         about="nats a word that the true law gives to the samples", **facts)
            for name, value in truth.items()
        ]  # fmt: skip
    if isinstance(subject.held_out, Dataset):
        own = figures_on(model, subject.held_out)
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
