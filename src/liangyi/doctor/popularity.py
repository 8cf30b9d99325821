"""Whether a recommender knows its users, or only what is popular with everybody."""

from __future__ import annotations

import torch
from torch import Tensor

_FIRST = 10  # items of each user that are looked at


def popularity(scores: Tensor, relevance: Tensor, mask: Tensor, chosen: Tensor) -> dict[str, float]:
    """Return how alike the first items of all users are, and how popular.

    Args:
        scores: of the items for each user, [N I]; -inf of what cannot be recommended.
        relevance: what the users chose of them, [N I].
        mask: what can be recommended, [N I].
        chosen: what users chose in the training, by which an item is popular, [M I].

    Returns:
        `agreement`, the share of the first ten items that two users have in common; and
        `popularity`, how often the first ten were chosen in the training, over the same of what
        these users did choose.
    """
    count, first = len(scores), min(_FIRST, scores.shape[1])
    top = torch.zeros_like(mask).scatter_(1, scores.topk(first).indices, True) & mask
    often = top.sum(0).double()
    pairs = float((often * (often - 1)).sum()) / max(1, count * (count - 1))
    known = (chosen > 0).double().sum(0)
    wanted = (relevance > 0) & mask
    usual = float((wanted * known).sum() / wanted.sum().clamp(min=1))
    found = float((top * known).sum() / top.sum().clamp(min=1))
    return {"agreement": pairs / first, "popularity": found / max(usual, 1e-9)}
