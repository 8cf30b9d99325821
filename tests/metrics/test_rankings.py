"""Measures of rankings against published examples and scikit-learn."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from sklearn.metrics import average_precision_score, ndcg_score
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics import rankings


def mean(metric):
    """Return a figure's mean over queries, as a number."""
    return lambda *given, **more: float(metric(*given, **more).mean())


average_precision, ndcg, precision_at, reciprocal_rank = (
    mean(getattr(rankings, name))
    for name in ("average_precision", "ndcg", "precision_at", "reciprocal_rank")
)
ALL = [average_precision, partial(ndcg, k=3), partial(precision_at, k=3), reciprocal_rank]


def ranked(*relevant: float) -> tuple[Tensor, Tensor]:
    """Return one query whose items stand in this order."""
    return -torch.arange(len(relevant)).float()[None], torch.tensor([relevant])


def random(queries: int = 20, items: int = 15) -> tuple[Tensor, Tensor]:
    dice = torch.Generator().manual_seed(0)
    scores = torch.randn(queries, items, generator=dice)
    relevant = torch.rand(queries, items, generator=dice) < 0.3
    relevant[:, 0] = True
    return scores, relevant


def test_average_precision_of_a_textbook():
    # Manning, Raghavan and Schutze, section 8.4: the mean of 1/1, 2/3 and 3/6
    found = average_precision(*ranked(1, 0, 1, 0, 0, 1))
    assert found == pytest.approx((1 + 2 / 3 + 3 / 6) / 3, abs=1e-6)


def test_ndcg_of_a_published_example():
    # the article "Discounted cumulative gain" of Wikipedia: DCG 6.861, ideal 8.740
    found = ndcg(*ranked(3, 2, 3, 0, 1, 2, 3, 2), k=6)
    assert found == pytest.approx(0.785, abs=5e-4)


def test_reciprocal_rank_of_a_published_example():
    # the article "Mean reciprocal rank" of Wikipedia: cats 1/3, tori 1/2, viruses 1
    scores = torch.tensor([[3.0, 2, 1]]).repeat(3, 1)
    relevant = torch.tensor([[0, 0, 1], [0, 1, 0], [1, 0, 0]])
    assert reciprocal_rank(scores, relevant) == pytest.approx(11 / 18, abs=1e-6)


def test_precision_counts_places_not_items():
    # of three items, 2 are relevant: of five places, 2 are
    assert precision_at(*ranked(1, 0, 1), k=2) == 0.5
    assert precision_at(*ranked(1, 0, 1), k=5) == pytest.approx(0.4)


def test_libraries_agree_on_scores_of_any_sign():
    scores, relevant = random()
    assert (scores < 0).any() and (scores > 0).any()
    wanted = [average_precision_score(r, s) for s, r in zip(scores, relevant, strict=True)]
    assert average_precision(scores, relevant) == pytest.approx(sum(wanted) / 20, abs=1e-6)
    for k in (1, 4, 15):
        wanted = ndcg_score(relevant.int(), scores, k=k)
        assert ndcg(scores, relevant, k) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("metric", ALL)
def test_padding_changes_nothing(metric):
    # breaks when what is not there takes a place, or counts in the length of a list
    scores, relevant = random()
    padded = torch.nn.functional.pad(scores, (0, 4), value=-torch.inf)
    assert metric(padded, torch.nn.functional.pad(relevant, (0, 4))) == metric(scores, relevant)


def test_graded_relevance_is_scikit_learns_too():
    dice = torch.Generator().manual_seed(2)
    scores, grade = torch.randn(9, 12, generator=dice), torch.randint(4, (9, 12), generator=dice)
    each = [ndcg_score(g[None], s[None], k=5) for g, s in zip(grade, scores, strict=True)]
    assert rankings.ndcg(scores, grade, 5).tolist() == pytest.approx(each)


def test_chance_is_the_mean_over_random_orders():
    # of 2 relevant in 8 with 3 that are not there, a first place is relevant in a quarter
    relevance = torch.tensor([[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]]).repeat(400, 1)
    mask = torch.arange(11) < 8
    found = rankings.by_chance(relevance, mask.expand(400, -1))
    assert found["precision_5"] == pytest.approx(2 / 8, abs=0.01)
    ranks = [1 / first for first in range(1, 8) for _ in range(8 - first)]  # of the better of two
    assert found["reciprocal_rank"] == pytest.approx(sum(ranks) / 28, abs=0.01)


@pytest.mark.parametrize("metric", ALL)
def test_only_the_order_counts(metric):
    scores, relevant = random()
    wanted = metric(scores, relevant)
    assert metric(scores.exp(), relevant) == metric(scores - 100, relevant) == wanted
    turned = torch.randperm(15, generator=torch.Generator().manual_seed(1))
    assert metric(scores[:, turned], relevant[:, turned]) == wanted


@pytest.mark.parametrize("metric", ALL)
def test_saying_the_same_of_everything_is_the_worst_ranking(metric):
    # breaks when ties fall as the sorting algorithm pleases: relevant items come first here
    _, relevant = ranked(1, 1, 0, 0, 0, 0)
    worst = metric(*ranked(0, 0, 0, 0, 1, 1))
    for scores in (torch.zeros(1, 6), torch.full((1, 6), torch.nan)):
        assert metric(scores, relevant) == metric(scores, relevant.flip(1)) == worst


@pytest.mark.parametrize("metric", ALL)
def test_ends_of_the_scale(metric):
    assert metric(*ranked(1, 1, 1, 0, 0)) == pytest.approx(1)
    assert metric(*ranked(0, 0, 0)) == 0


@pytest.mark.parametrize("metric", ALL)
def test_a_score_that_is_not_a_number_comes_last(metric):
    scores, relevant = torch.tensor([[torch.nan, 1.0, 0.5, 0.2]]), torch.tensor([[1, 0, 0, 0]])
    assert metric(scores, relevant) == metric(*ranked(0, 0, 0, 1))


@pytest.mark.parametrize("metric", ALL)
def test_mistakes_are_one_line(metric):
    with pytest.raises(UserError, match="of one shape"):
        metric(torch.zeros(2, 3), torch.zeros(3, 2))
    with pytest.raises(UserError, match="of one shape"):
        metric(torch.zeros(0, 3), torch.zeros(0, 3))


@pytest.mark.parametrize("metric", [ndcg, precision_at])
def test_k_must_be_a_place(metric):
    with pytest.raises(UserError, match="take 1 or more"):
        metric(*ranked(1, 0, 0), k=0)


def test_padding_changes_nothing_beside_a_score_that_is_no_number():
    # breaks when what is not there stands before it
    scores = torch.tensor([[torch.nan, 0.5, -torch.inf, -torch.inf]])
    relevance = torch.tensor([[1, 0, 0, 0]])
    alone = rankings.figures(scores[:, :2], relevance[:, :2])
    for name, value in rankings.figures(scores, relevance).items():
        assert value.item() == alone[name].item(), name
    assert alone["reciprocal_rank"].item() == 0.5
