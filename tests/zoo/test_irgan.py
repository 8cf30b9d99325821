"""Rankers: what each is shown, and IRGAN's policy gradient against enumeration."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from liangyi.core import draw
from liangyi.core.batch import Rankings
from liangyi.core.model import Model
from liangyi.core.spec import Label, Ragged, Spec, Vector
from liangyi.losses import rankings as losses
from liangyi.nets.rankings import Factors, hardest, relevant

LISTS, MOST = 3, 6
SPEC = Spec(
    "relevance", document=Ragged(Vector(2), MOST), relevance=Ragged(Label(("0", "1", "2")), MOST)
)
MASK = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0]]).bool()
BATCH = Rankings(
    torch.randn(LISTS, MOST, 2, generator=torch.Generator().manual_seed(0)) * MASK[..., None],
    MASK,
    torch.tensor([[0, 2, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]),
)


def tiny(small: Any, name: str, **settings: Any) -> Model:
    """Return a model whose networks are far from indifferent."""
    here = small(name, **settings)
    torch.manual_seed(0)
    model = here.kind(here.config, SPEC)
    for weight in model.parameters():
        nn.init.normal_(weight)
    return model


def test_places_are_drawn_in_proportion_and_never_where_there_is_nothing():
    weights = torch.tensor([[0.0, 1, 3, 0, 0], [2, 0, 0, 0, 2]])
    drawn = draw.places(weights, 40_000)
    for row, wanted in zip(drawn, weights, strict=True):
        share = row.bincount(minlength=5) / len(row)
        assert torch.allclose(share.float(), wanted / wanted.sum(), atol=0.01)
        assert not bool(share[wanted == 0].any())


def test_the_policy_gradient_is_that_of_the_expected_reward(small):
    # breaks when the importance weight, the baseline, the temperature or the mask is wrong
    model = tiny(small, "irgan", temperature=0.7, mixed=0.4, draws=200_000, pretrain_steps=0)
    reward = torch.linspace(-1, 1, LISTS * MOST).view(LISTS, MOST)
    loss, expected = model.policy(BATCH, relevant(BATCH), reward)
    weights = list(model.generator.parameters())
    found = torch.autograd.grad(loss, weights)
    exact = (model.choice(BATCH).exp() * reward).sum(1).mean()
    assert expected.item() == pytest.approx(exact.item(), abs=1e-5)
    for one, wanted in zip(found, torch.autograd.grad(-exact, weights), strict=True):
        torch.testing.assert_close(one, wanted, atol=0.01, rtol=0.03)


def test_the_baseline_lowers_the_variance_of_the_policy_gradient(small):
    model = tiny(small, "irgan", draws=4, pretrain_steps=0)
    weight = model.generator.network[0].weight

    def spread(shift: float) -> float:
        # a constant reward teaches nothing; without a baseline it adds noise
        reward = torch.full((LISTS, MOST), shift)
        reward[0, 0] += 1
        found = [torch.autograd.grad(model.policy(BATCH, relevant(BATCH), reward)[0], weight)[0]
                 for _ in range(50)]  # fmt: skip
        return float(torch.stack(found).std(0).mean())

    torch.manual_seed(1)
    one = spread(0.0)
    torch.manual_seed(1)
    assert spread(100.0) == pytest.approx(one, rel=1e-2)


def test_the_reward_is_the_discriminators_word_between_minus_one_and_one(small, monkeypatch):
    model = tiny(small, "irgan", discriminator_steps=1, generator_steps=1, pretrain_steps=0)
    seen = {}
    monkeypatch.setattr(
        model, "policy", lambda batch, known, reward: seen.update(r=reward) or (reward.sum(),) * 2
    )
    next(model.updates(BATCH, 1))
    logits = model.discriminator(BATCH.document)
    torch.testing.assert_close(seen["r"], (logits / 2).tanh().detach())


def test_the_discriminator_is_shown_the_relevant_and_what_the_generator_picks(small, monkeypatch):
    model = tiny(small, "irgan", pairs=2, pretrain_steps=0)
    weights = []

    def places(given, count, purpose="noise"):
        weights.append(given)
        return torch.zeros(LISTS, count, dtype=torch.int64)

    monkeypatch.setattr(draw, "places", places)
    (update,) = model.updates(BATCH, 0)
    assert update.player is model.discriminator
    assert torch.equal(weights[0], relevant(BATCH))
    torch.testing.assert_close(weights[1].sum(1), torch.ones(LISTS))
    assert not bool(weights[1][~MASK].any())
    logit = model.discriminator(BATCH.document)[:, 0].sigmoid()
    wanted = -(logit.log().mean() + (1 - logit).log().mean())
    assert update.loss.item() == pytest.approx(wanted.item(), rel=1e-4)


def test_first_negative_sampling_then_the_turns(small):
    model = tiny(small, "irgan", pretrain_steps=2, discriminator_steps=2, generator_steps=1)
    assert model.stages == (0, 2, 4)
    shown = [next(iter(u.metrics)) for step in range(8) for u in model.updates(BATCH, step)]
    assert shown == ["loss"] * 2 + ["discriminator", "discriminator", "reward"] * 2
    assert [model.schedule("generator", step) for step in (1, 2)] == [1.0, 0.3]


def test_negatives_are_the_hardest_of_several_and_never_relevant():
    scores = torch.arange(MOST).float().expand(LISTS, -1)
    allowed = MASK & (BATCH.relevance == 0)
    for tries in (1, 60):
        found = hardest(scores, BATCH, 50, tries)
        assert bool(allowed.gather(1, found).all())
    # of so many tries the highest there is
    assert found.unique(dim=1)[:, -1].tolist() == [5, 3, 1]
    few = hardest(scores, BATCH, 4000, 1)[0].bincount(minlength=MOST) / 4000
    assert torch.allclose(few, torch.tensor([0.25, 0, 0.25, 0, 0.25, 0.25]), atol=0.03)


def test_losses_have_their_closed_forms():
    zeros = torch.zeros(LISTS, MOST)
    known = relevant(BATCH)
    assert float(losses.pointwise(zeros, known, MASK)) == pytest.approx(math.log(2))
    sure = torch.where(known, 20.0, -20.0).masked_fill(~MASK, 1e4)  # padding is nobody's mistake
    assert float(losses.pointwise(sure, known, MASK)) < 1e-6
    assert float(losses.pairwise(zeros, zeros)) == pytest.approx(math.log(2))
    assert float(losses.pairwise(zeros + 3, zeros)) == pytest.approx(math.log1p(math.exp(-3)))


def test_a_users_score_is_the_product_of_two_vectors_and_the_popularity():
    network = Factors(users=4, items=5, width=3)
    nn.init.normal_(network.popularity)
    user, item = torch.tensor([2, 0]), torch.tensor([[4, 1], [3, 3]])
    wanted = [[(network.user.weight[u] @ network.item.weight[i] + network.popularity[i]).item()
               for i in row] for u, row in zip(user, item, strict=True)]  # fmt: skip
    torch.testing.assert_close(network(user, item), torch.tensor(wanted))


@pytest.mark.parametrize("name", ["pointwise", "bpr", "dns", "irgan"])
def test_what_is_not_there_comes_last_and_documents_do_not_see_each_other(small, name):
    model = tiny(small, name)
    scores = model.rank(BATCH)
    assert bool((scores[~MASK] == -torch.inf).all()) and bool(scores[MASK].isfinite().all())
    alone = Rankings(*(part[1:2, :4] for part in BATCH))
    torch.testing.assert_close(model.rank(alone)[0], scores[1, :4])
    assert set(model.evaluate(BATCH)) == {"ndcg_5", "precision_5", "average_precision",
                                          "reciprocal_rank"}  # fmt: skip
