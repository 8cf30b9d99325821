"""Are samples copies of training items?"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics.error import of_share
from liangyi.metrics.neighbours import nearest

QUANTILE = 0.01  # of the held-out items' ratios: what is as near as that is a near copy
NEIGHBOUR = 5  # the distance that the nearest is measured by


class Memorisation(NamedTuple):
    """How many samples are near copies, and of what.

    Attributes:
        share: of the samples that are near copies.
        expected: share of the held-out items that pass for near copies: about 0.01, more where they
            are few or their ratios repeat.
        error: standard error of `share`, were samples and held-out items both drawn anew.
        index: [M] nearest training item of each sample; of equal ones, the first.
        distance: [M] to it.
        ratio: [M] of it to the distance to the fifth nearest: 0 is a copy.
    """

    share: float
    expected: float
    error: float
    index: Tensor  # type: ignore[assignment]  # a tuple's method of this name is not missed
    distance: Tensor
    ratio: Tensor


def memorisation(samples: Tensor, train: Tensor, held_out: Tensor) -> Memorisation:
    """Count the samples [M D] that lie closer to one of train [N D] than chance brings items.

    The measure is the ratio of the distances to the nearest and to the fifth nearest training item.
    Raw distances would not do: a blurry sample, a mean of many items, is nearer to all of them than
    any real item is, yet it copies none; its ratio stays near 1, while that of a copy is near 0. A
    near copy is a sample whose ratio is no greater than that of the lowest 1 % of the held-out
    items [K D], which come from the same law and cannot have been copied. The idea of asking
    held-out items what is near: Meehan et al., arXiv:2004.05675.

    Equal training items count once: with five of one item both distances to a copy of it would be
    0, and it is the repeated items that models learn by heart first.

    Raises:
        UserError: fewer than 6 different training items, fewer than 20 held-out items, no samples,
            different widths, or a value that is not finite.
    """
    if train.dim() != 2 or not len(samples):
        raise UserError("memorisation needs training items [N D] and at least 1 sample")
    distinct, first = _distinct(train.detach())
    if len(distinct) <= NEIGHBOUR:
        few = f"{len(distinct)} different training items"
        raise UserError(f"{few} are too few to tell copies; {NEIGHBOUR + 1} or more will do")
    if len(held_out) < 20:
        raise UserError(f"{len(held_out)} held-out items are too few to tell copies; 20 will do")
    usual = _ratio(nearest(held_out, distinct, NEIGHBOUR)[0])
    distance, index = nearest(samples, distinct, NEIGHBOUR)
    ratio = _ratio(distance)
    limit = _limit(usual, QUANTILE)
    share = float((ratio <= limit).double().mean())
    # the limit has an error of its own: that of a quantile, by way of the level (Woodruff 1952)
    away = of_share(QUANTILE, len(usual))
    below, above = (
        float((ratio <= _limit(usual, QUANTILE + side)).double().mean()) for side in (-away, away)
    )
    return Memorisation(
        share=share,
        expected=float((usual <= limit).double().mean()),
        error=math.hypot(of_share(share, len(samples)), (above - below) / 2),
        index=first[index[:, 0]],
        distance=distance[:, 0],
        ratio=ratio,
    )


def _limit(usual: Tensor, level: float) -> Tensor:
    """Return the ratio that so large a share of the usual ones do not exceed; the least at 0."""
    return usual.kthvalue(max(1, math.ceil(level * len(usual)))).values


def _distinct(items: Tensor) -> tuple[Tensor, Tensor]:
    """Return the different items [U D] and where each comes first in `items`, [U]."""
    found, place = items.unique(dim=0, return_inverse=True)
    order = torch.arange(len(items), device=items.device)
    first = torch.full((len(found),), len(items), device=items.device)
    return found, first.scatter_reduce_(0, place, order, "amin")


def _ratio(distance: Tensor) -> Tensor:
    """Divide the first column of distances [N 5] by the last."""
    least = torch.finfo(distance.dtype).tiny  # different items that float32 cannot tell apart
    return distance[:, 0] / distance[:, -1].clamp(min=least)
