"""The planted law of relevance: its own order is the best, and what is known of it can be cut."""

from __future__ import annotations

import torch

from liangyi.core.batch import Rankings
from liangyi.data import choose
from liangyi.metrics.rankings import by_chance, ndcg


def test_the_laws_own_order_is_far_above_chance_and_below_the_ideal():
    source = choose("rankings")
    batch = source.split("test").some(1000, Rankings)
    own = ndcg(source.worth(batch).masked_fill(~batch.mask, -torch.inf), batch.relevance)
    assert by_chance(batch.relevance, batch.mask)["ndcg_5"] < 0.3 < 0.75 < float(own.mean()) < 0.9
    # no weighing of the features does as well
    scores = batch.document @ torch.randn(20, 50, generator=torch.Generator().manual_seed(0))
    for column in scores.unbind(2):
        linear = ndcg(column.masked_fill(~batch.mask, -torch.inf), batch.relevance)
        assert float(linear.mean()) < float(own.mean()) - 0.1


def test_every_query_has_a_relevant_document_and_features_of_its_own():
    batch = choose("rankings").split("train").some(1000, Rankings)
    assert bool((batch.relevance > 0).any(1).all()) and not bool(batch.relevance[~batch.mask].any())
    first = batch.document[:, :1, :4]
    assert torch.equal(batch.document[..., :4], first * batch.mask[..., None])


def test_a_share_of_the_relevance_is_known_in_training_alone():
    whole, part = (choose("rankings", observed=share) for share in (1.0, 0.3))
    one, other = (s.split("train").some(1000, Rankings) for s in (whole, part))
    assert torch.equal(one.document, other.document)
    lost = (one.relevance > 0) & (other.relevance == 0)
    assert not bool(((other.relevance > 0) & (one.relevance != other.relevance)).any())
    # the best of each query stays
    assert 0.5 < float(lost.sum() / (one.relevance > 0).sum()) < 0.6
    assert bool((other.relevance > 0).any(1).all())
    tests = [s.split("test").some(1000, Rankings).relevance for s in (whole, part)]
    assert torch.equal(*tests) and whole.fingerprint("test") != part.fingerprint("test")
