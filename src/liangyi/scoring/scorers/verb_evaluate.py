"""What a model says of itself on data that it did not learn from, whatever kind of model it is."""

from __future__ import annotations

from liangyi.metrics.card import Card
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.subject import Subject

# what is better, by a word in the figure's name; of others nobody knows
_LOWER = ("loss", "error", "mse", "mae", "distance", "nll", "perplexity", "reconstruction",
          "cross_entropy")  # fmt: skip
_HIGHER = ("accuracy", "exact", "score", "psnr", "ssim", "precision", "recall", "hit", "bound",
           "reward", "ndcg", "reciprocal_rank")  # fmt: skip
_ENDLESS = 2000  # items that are looked at where there are ever more


def cards(subject: Subject) -> list[Card]:
    """Return a card for each figure of the verb `evaluate`."""
    known, split = subject.tested
    data = known or subject.held_out or subject.train
    if "evaluate" not in subject.model.verbs():
        return []
    real = data.size or _ENDLESS
    facts = {"split": split, "real": real, "generated": 0, "features": "the model's own"}
    return [
        subject.card(name, value, better(name),
                     about="the model's own figure", **facts)
        for name, value in (
            (name.removeprefix("test/"), value)
            for name, value in figures_on(subject.model, data).items()
        )
    ]  # fmt: skip


def better(name: str) -> str:
    """Return whether a figure of this name should be lower or higher; none: nobody knows."""
    for direction, words in (("lower", _LOWER), ("higher", _HIGHER)):
        if any(word in name for word in words):
            return direction
    return "none"
