"""Pictures that a classifier names."""

from __future__ import annotations

from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.subject import Subject


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a classifier, none of others."""
    data, split = subject.tested
    if "classify" not in subject.model.verbs() or data is None:
        return []
    figures = figures_on(subject.model, data)
    share = figures["test/accuracy"]
    facts = {"split": split, "real": len(data), "generated": 0, "features": "labels"}
    return [
        subject.card("accuracy", share, "higher", error=error.of_share(share, len(data)),
                     about="share named rightly", **facts),
        subject.card("loss", figures["test/loss"], "lower", about="cross entropy, nats", **facts),
    ]  # fmt: skip
