"""What a model says of itself on data that it did not learn from, whatever kind of model it is."""

from __future__ import annotations

from liangyi.metrics.card import Card
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.subject import Subject

_LOWER = ("loss", "error", "nll", "perplexity", "reconstruction")  # names of what should be low


def cards(subject: Subject) -> list[Card]:
    """Return a card for each figure of the verb `evaluate`."""
    known, split = subject.tested
    data = known or subject.held_out or subject.train
    if "evaluate" not in subject.model.verbs():
        return []
    facts = {"split": split, "real": data.size, "generated": 0, "features": "the model's own"}
    return [
        subject.card(name, value, "lower" if any(word in name for word in _LOWER) else "higher",
                     about="the model's own figure", **facts)
        for name, value in (
            (name.removeprefix("test/"), value)
            for name, value in figures_on(subject.model, data).items()
        )
    ]  # fmt: skip
