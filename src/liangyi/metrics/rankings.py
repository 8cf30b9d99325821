"""How well scores rank what is relevant above what is not; each a mean over queries.

Higher scores come first. Items of equal score stand in the worst order, so that a model that says
the same of everything gains nothing by it; a score that is not a number comes last. A query
without a relevant item counts as 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from liangyi.core.errors import UserError


def average_precision(scores: Tensor, relevant: Tensor) -> float:
    """Return the mean over queries of the mean precision at each relevant item: MAP, 0 to 1.

    Args:
        scores: of each item for each query, [Q D].
        relevant: what is above 0 is relevant, [Q D].

    Raises:
        UserError: torchmetrics is not installed, or the shapes differ or are empty.
    """
    return _mean(_library().retrieval_average_precision, scores, relevant > 0)


def ndcg(scores: Tensor, relevant: Tensor, k: int) -> float:
    """Return the normalised discounted cumulative gain of the first k items: 0 to 1.

    Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", 2002, with the
    discount 1 / log2(1 + rank) and the grade itself for gain (not 2^grade - 1).

    Args:
        scores: of each item for each query, [Q D].
        relevant: grades, 0 and above, [Q D].
        k: how many items are looked at.

    Raises:
        UserError: torchmetrics is not installed, k is below 1, or the shapes differ or are empty.
    """
    return _mean(_library().retrieval_normalized_dcg, scores, relevant, top_k=_positive(k))


def precision_at(scores: Tensor, relevant: Tensor, k: int) -> float:
    """Return the share of relevant items among the first k: 0 to 1; of fewer items, still of k.

    Args:
        scores: of each item for each query, [Q D].
        relevant: what is above 0 is relevant, [Q D].
        k: how many items are looked at.

    Raises:
        UserError: torchmetrics is not installed, k is below 1, or the shapes differ or are empty.
    """
    return _mean(_library().retrieval_precision, scores, relevant > 0, top_k=_positive(k))


def reciprocal_rank(scores: Tensor, relevant: Tensor) -> float:
    """Return the mean of 1 / rank of the first relevant item: MRR, 0 to 1.

    Args:
        scores: of each item for each query, [Q D].
        relevant: what is above 0 is relevant, [Q D].

    Raises:
        UserError: torchmetrics is not installed, or the shapes differ or are empty.
    """
    return _mean(_library().retrieval_reciprocal_rank, scores, relevant > 0)


def _mean(of: Callable[..., Tensor], scores: Tensor, relevant: Tensor, **settings: int) -> float:
    if scores.shape != relevant.shape or scores.dim() != 2 or not scores.numel():
        shapes = f"{list(scores.shape)} and {list(relevant.shape)}"
        raise UserError(f"scores and relevance must both be [Q D] of one shape, not {shapes}")
    relevant = relevant.long() if relevant.dtype == torch.bool else relevant
    values = [
        of(*query, **settings) for query in zip(_places(scores, relevant), relevant, strict=True)
    ]
    return float(torch.stack(values).double().mean())


def _places(scores: Tensor, relevant: Tensor) -> Tensor:
    """Return other scores, D for the first item down to 1 for the last, [Q D] float64.

    torchmetrics takes every item with a score of 0 or below for one that was not retrieved, and
    leaves the order of equal ones to chance.
    """
    scores = scores.nan_to_num(nan=-torch.inf) if scores.is_floating_point() else scores
    worst = relevant.argsort(dim=1, stable=True)
    order = worst.gather(1, scores.gather(1, worst).argsort(dim=1, descending=True, stable=True))
    down = torch.arange(scores.shape[1], 0, -1, device=scores.device, dtype=torch.float64)
    return torch.empty_like(order, dtype=torch.float64).scatter_(1, order, down.expand_as(order))


def _positive(k: int) -> int:
    if k < 1:
        raise UserError(f"the first {k} items of a ranking cannot be looked at; take 1 or more")
    return k


def _library() -> Any:
    from torchmetrics.functional import retrieval  # late: it takes seconds

    return retrieval
