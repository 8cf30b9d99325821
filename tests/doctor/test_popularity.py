"""The doctor's eye for recommenders that know only what is popular."""

from __future__ import annotations

import torch

from liangyi.core.batch import Interactions
from liangyi.data.tables.tastes import Tastes
from liangyi.doctor.popularity import popularity


def test_popular_items_for_everybody_are_seen_and_tastes_are_not():
    source = Tastes()
    train, test = (source.split(part).some(1000, Interactions) for part in ("train", "test"))
    often = train.relevance.sum(0).float().expand(1000, -1)
    none = ~test.mask

    def seen(scores):
        found = popularity(scores.masked_fill(none, -torch.inf), test.relevance, test.mask,
                           train.relevance)  # fmt: skip
        return found["agreement"], found["popularity"]

    # the rule's thresholds are 0.5 and 1.5
    agreement, lift = seen(often)
    assert agreement > 0.55 and lift > 1.6
    agreement, lift = seen(source.worth(test))
    assert agreement < 0.3 and lift < 1.5
    agreement, lift = seen(torch.rand(1000, 500, generator=torch.Generator().manual_seed(0)))
    assert agreement < 0.05 and lift < 0.6
