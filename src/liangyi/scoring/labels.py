"""Pictures that a classifier names."""

from __future__ import annotations

from liangyi.data import Dataset
from liangyi.measuring import test
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.scoring.subject import Subject


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a classifier, none of others."""
    if not hasattr(subject.model, "classify"):
        return []
    data = subject.held_out if isinstance(subject.held_out, Dataset) else subject.train
    assert isinstance(data, Dataset)
    split = "test" if data is subject.held_out else "train"
    figures = test(subject.model, data)
    share = figures["test/accuracy"]
    facts = {"split": split, "real": len(data), "generated": 0, "features": "labels"}
    return [
        subject.card("accuracy", share, "higher", error=error.of_share(share, len(data)),
                     about="share named rightly", **facts),
        subject.card("loss", figures["test/loss"], "lower", about="cross entropy, nats", **facts),
    ]  # fmt: skip
