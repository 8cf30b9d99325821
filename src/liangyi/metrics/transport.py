"""The earth mover's distance: how far one must carry samples to make them the others."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.errors import UserError


def wasserstein(one: Tensor, other: Tensor, seed: int = 0, most: int = 1000) -> float:
    """Return the exact Wasserstein-1 distance of two sets of items, in their own unit.

    W(P, Q) = the least mean Euclidean distance when each item of P goes to one of Q:
    Arjovsky et al., arXiv:1701.07875, equation 1. In one dimension all items are taken. In more,
    equally many of each, at random and at most `most` (the time grows with their cube): a matching
    is then an optimal plan. Between samples of one law it is not 0, and falls but as
    (number of items)^(-1 / D): compare with the distance of two sets of real items.

    Args:
        one: items [N D], or [N ...], which are flattened.
        other: items [M D].
        seed: decides which items are taken.
        most: how many items are taken of each, at most.

    Raises:
        UserError: a set is empty, the shapes of the items differ, or a value is not finite.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.stats import wasserstein_distance

    if one.shape[1:] != other.shape[1:] or not len(one) or not len(other) or most < 1:
        shapes = f"{list(one.shape)} and {list(other.shape)}"
        raise UserError(f"nothing can be carried between items of shapes {shapes}")
    one, other = (items.detach().cpu().double().reshape(len(items), -1) for items in (one, other))
    if not (one.isfinite().all() and other.isfinite().all()):
        raise UserError("the items hold values that are not finite")
    if one.shape[1] == 1:
        return float(wasserstein_distance(one[:, 0], other[:, 0]))
    count = min(len(one), len(other), most)
    dice = draw.generator(seed, "matched items")
    one, other = (
        items[torch.randperm(len(items), generator=dice, device="cpu")[:count]]
        for items in (one, other)
    )
    # the quick way, |x|^2 + |y|^2 - 2 x y, would lose small distances of items far from 0
    costs = torch.cdist(one, other, compute_mode="donot_use_mm_for_euclid_dist")
    rows, columns = linear_sum_assignment(costs)
    return float(costs[rows, columns].mean())
