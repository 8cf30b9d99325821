"""Rankings of held-out queries: beside chance, and the best order that there is."""

from __future__ import annotations

import torch

from liangyi.data import Dataset
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.metrics.rankings import PLACES, by_chance, figures
from liangyi.scoring.subject import Subject

_ABOUT = {
    f"ndcg_{PLACES}": f"gain of the first {PLACES}, discounted by their places",
    f"precision_{PLACES}": f"share of relevant ones among the first {PLACES}",
    "average_precision": "mean precision at each relevant one (MAP)",
    "reciprocal_rank": "1 / place of the first relevant one (MRR)",
}


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that ranks, none of others; the interval is that of queries."""
    model = subject.model
    data, split = subject.tested
    if "rank" not in model.verbs() or not isinstance(data, Dataset):
        return []
    batch = subject.gathered(data, data.subset(len(data)))
    parts = [
        model.rank(model.Batch(*(column.to(model.device) for column in part))).cpu()
        for part in (
            model.Batch(*rows) for rows in zip(*(c.split(500) for c in batch), strict=True)
        )
    ]
    floors = by_chance(batch.relevance, batch.mask)
    ideal = figures(batch.relevance.float().masked_fill(~batch.mask, -torch.inf), batch.relevance)
    facts = {"split": split, "real": len(data), "generated": 0, "features": "the model's own"}
    return [
        subject.card(name, float(each.mean()), "higher", error=error.of_mean(each),
                     degrees=len(each) - 1, floor=floors[name],
                     about=f"{_ABOUT[name]}; floor: by chance; the best order has "
                           f"{float(ideal[name].mean()):.3f}", **facts)
        for name, each in figures(torch.cat(parts), batch.relevance).items()
    ]  # fmt: skip
