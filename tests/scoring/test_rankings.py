"""Cards of rankers: each figure over held-out queries, with chance and the best order beside."""

from __future__ import annotations

import pytest
import torch

from liangyi.core.batch import Rankings
from liangyi.metrics.error import of_mean
from liangyi.metrics.rankings import by_chance, figures
from liangyi.scoring import score
from liangyi.views.cards import table

from .conftest import named


def test_each_card_is_the_mean_over_held_out_queries(run_of):
    run = run_of("bpr", "")
    found = named(score(run))
    batch = run.source().split("test").some(1000, Rankings)
    each = figures(run.model().rank(batch), batch.relevance)
    chance = by_chance(batch.relevance, batch.mask)
    ideal = figures(batch.relevance.float().masked_fill(~batch.mask, -torch.inf), batch.relevance)
    assert found.keys() == each.keys()
    for name, card in found.items():
        assert card.value == pytest.approx(float(each[name].mean()), abs=1e-6)
        assert card.error == pytest.approx(of_mean(each[name]), rel=1e-4)
        assert card.floor == pytest.approx(chance[name], abs=0.01) and card.better == "higher"
        assert f"the best order has {float(ideal[name].mean()):.3f}" in card.about
        assert (card.split, card.real) == ("test", 1000)
    assert "real against" not in table(list(found.values()))
