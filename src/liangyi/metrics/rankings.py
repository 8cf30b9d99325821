"""How well scores rank what is relevant above what is not: one figure for each query.

Higher scores come first. Items of equal score stand in the worst order, so that a model that says
the same of everything gains nothing by it; a score that is not a number comes last. Where lists are
padded, what is not there has the score -inf and the grade 0, and changes nothing. A query without a
relevant item counts as 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.errors import UserError

_ORDERS = 20  # at random, of which chance is the mean
PLACES = 5  # that are looked at where a figure looks at the first ones


def average_precision(scores: Tensor, relevance: Tensor) -> Tensor:
    """Return the mean precision at each relevant item, [Q], 0 to 1; its mean over queries is MAP.

    Args:
        scores: of each item for each query, [Q D].
        relevance: what is above 0 is relevant, [Q D].

    Raises:
        UserError: the shapes differ or are empty.
    """
    hits = (_ranked(scores, relevance) > 0).double()
    place = torch.arange(1, hits.shape[1] + 1, device=hits.device)
    return (hits * hits.cumsum(1) / place).sum(1) / hits.sum(1).clamp(min=1)


def ndcg(scores: Tensor, relevance: Tensor, k: int = PLACES) -> Tensor:
    """Return the normalised discounted cumulative gain of the first k items: [Q], 0 to 1.

    Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", 2002, with the
    discount 1 / log2(1 + rank) and the grade itself for gain (not 2^grade - 1).

    Args:
        scores: of each item for each query, [Q D].
        relevance: grades, 0 and above, [Q D].
        k: how many items are looked at.

    Raises:
        UserError: k is below 1, or the shapes differ or are empty.
    """
    gain = _ranked(scores, relevance).double()[:, : _positive(k)]
    best = relevance.double().sort(1, descending=True).values[:, :k]
    discount = torch.arange(2, gain.shape[1] + 2, device=gain.device).double().log2()
    ideal = (best / discount).sum(1)
    return (gain / discount).sum(1) / ideal.where(ideal > 0, 1)


def precision_at(scores: Tensor, relevance: Tensor, k: int = PLACES) -> Tensor:
    """Return the share of relevant items among the first k: [Q], 0 to 1; of fewer, still of k.

    Args:
        scores: of each item for each query, [Q D].
        relevance: what is above 0 is relevant, [Q D].
        k: how many items are looked at.

    Raises:
        UserError: k is below 1, or the shapes differ or are empty.
    """
    return (_ranked(scores, relevance)[:, : _positive(k)] > 0).double().sum(1) / k


def reciprocal_rank(scores: Tensor, relevance: Tensor) -> Tensor:
    """Return 1 / rank of the first relevant item, [Q], 0 to 1; its mean over queries is MRR.

    Args:
        scores: of each item for each query, [Q D].
        relevance: what is above 0 is relevant, [Q D].

    Raises:
        UserError: the shapes differ or are empty.
    """
    hits = (_ranked(scores, relevance) > 0).double()
    place = torch.arange(1, hits.shape[1] + 1, device=hits.device)
    return (hits / place).amax(1)


def figures(scores: Tensor, relevance: Tensor) -> dict[str, Tensor]:
    """Return all of these for each query, by name: [Q] each."""
    return {
        f"ndcg_{PLACES}": ndcg(scores, relevance),
        f"precision_{PLACES}": precision_at(scores, relevance),
        "average_precision": average_precision(scores, relevance),
        "reciprocal_rank": reciprocal_rank(scores, relevance),
    }


def by_chance(relevance: Tensor, mask: Tensor) -> dict[str, float]:
    """Return what random orders reach, the mean over queries and over twenty orders.

    Args:
        relevance: grades, [Q D].
        mask: which items there are, [Q D].
    """
    dice = draw.generator(0, "random orders")
    sums: dict[str, float] = {}
    for _ in range(_ORDERS):
        scores = torch.rand(mask.shape, generator=dice, device="cpu").to(mask.device)
        for name, each in figures(scores.masked_fill(~mask, -torch.inf), relevance).items():
            sums[name] = sums.get(name, 0.0) + float(each.mean()) / _ORDERS
    return sums


def _ranked(scores: Tensor, relevance: Tensor) -> Tensor:
    """Return the grades [Q D] in the order of the scores; the worst one of equal scores."""
    if scores.shape != relevance.shape or scores.dim() != 2 or not scores.numel():
        shapes = f"{list(scores.shape)} and {list(relevance.shape)}"
        raise UserError(f"scores and relevance must both be [Q D] of one shape, not {shapes}")
    if scores.is_floating_point():  # last of what is there: before the padding, which is nowhere
        scores = scores.nan_to_num(torch.finfo(scores.dtype).min, torch.inf, -torch.inf)
    worst = relevance.argsort(dim=1, stable=True)
    order = scores.gather(1, worst).argsort(dim=1, descending=True, stable=True)
    return relevance.gather(1, worst.gather(1, order))


def _positive(k: int) -> int:
    if k < 1:
        raise UserError(f"the first {k} items of a ranking cannot be looked at; take 1 or more")
    return k
