"""Pictures that a classifier names."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.data import Dataset
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.metrics.classes import confusion
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
        *confused(subject, table(subject, data), facts),
    ]  # fmt: skip


def table(subject: Subject, data: Dataset) -> Tensor:
    """Return how many items of each class are named as each: [C C], rows are the true classes."""
    model, classes = subject.model, len(subject.model.spec.classes)
    total = torch.zeros(classes, classes, dtype=torch.int64, device="cpu")
    for part in data.subset(len(data)).split(500):
        batch = data.batch(model.Batch, part, model.device, model.image_range)
        named = model.classify(getattr(batch, model.spec.item)).argmax(1)
        total += confusion(named, batch.label, classes)
    return total


def confused(subject: Subject, counts: Tensor, facts: dict[str, object]) -> list[Card]:
    """Return the worst class, and the two classes of which one is most often taken for the other.

    Args:
        subject: what is scored.
        counts: how many items of each class are named as each, [C C].
        facts: what all cards of it share.
    """
    names, there = subject.model.spec.classes, counts.sum(1)
    shares = counts / there.clamp(min=1)[:, None]
    right = shares.diagonal().where(there > 0, 2.0)
    worst = int(right.argmin())
    wrong = shares - shares.diagonal().diag()
    one, other = divmod(int(wrong.argmax()), len(names))
    mistake = f"share of {names[one]} taken for {names[other]}, the most frequent mistake"
    found = []
    for metric, row, share, better, about in (
        ("worst_class", worst, right[worst], "higher", f"share of {names[worst]} named rightly"),
        ("confusion", one, wrong[one, other], "lower",
         mistake if wrong.any() else "no class is taken for another"),
    ):  # fmt: skip
        away = error.of_share(float(share), int(there[row]))
        found.append(
            subject.card(
                metric, float(share), better, error=away, about=about,
                **{**facts, "real": int(there[row])},
            )
        )  # fmt: skip
    return found if len(names) > 1 else found[:1]
