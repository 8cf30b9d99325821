"""What two crowds of items tell when compared: samples and real ones, a few hundred each."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.spec import Field

NEIGHBOURS = 5


def spread(field: Field, items: Tensor) -> Tensor:
    """Return the mean distance of two different items."""
    count = len(items)
    total = fields.distances(field, items, items).sum()
    return (total / (count * (count - 1))).clamp(min=1e-12)


def energy(field: Field, samples: Tensor, real: Tensor) -> float:
    """Return the energy distance of samples and real items, any number of each.

    0 where the laws agree, 1 where they share nothing (Szekely and Rizzo, "Energy statistics",
    2013, the coefficient of inhomogeneity H); unbiased, so 0 on average for equal laws.
    """
    across = 2 * fields.distances(field, real, samples).mean()
    apart = across - spread(field, real) - spread(field, samples)
    return float(apart / across.clamp(min=1e-12))


def compared(field: Field, samples: Tensor, real: Tensor) -> dict[str, float]:
    """Return how alike the crowds are.

    Returns:
        `diversity`: mean distance of two samples, over that of two real items; 1 is right.
        `energy`: 0 where the laws agree, 1 where they share nothing (Szekely and Rizzo, "Energy
        statistics", 2013, the coefficient of inhomogeneity H).
        `duplicates`: share of samples that are a tenth as far from their nearest fellow as real
        items are from theirs.
        `coverage`: share of real items with a sample among their 5 nearest (arXiv:2002.09797).
        `nearest_neighbour_accuracy`: how often an item's nearest neighbour is of its own crowd;
        1/2 is right (arXiv:1610.06545).
    """
    pairs = ((real, real), (real, samples), (samples, samples))
    among, between, own = (fields.distances(field, one, other) for one, other in pairs)
    counts = len(real), len(samples)
    real_spread = among.sum() / (counts[0] * (counts[0] - 1))
    own_spread = own.sum() / (counts[1] * (counts[1] - 1))
    across = between.mean()
    # the unbiased form: it is 0 on average for equal laws, however few the items
    energy = (2 * across - real_spread - own_spread) / (2 * across).clamp(min=1e-12)
    among.fill_diagonal_(math.inf)
    own.fill_diagonal_(math.inf)
    near = among.kthvalue(min(NEIGHBOURS, counts[0] - 1), dim=1).values
    nearest_real, nearest_own = among.min(1).values, own.min(1).values
    # of equally near ones, as tokens often are, each is as likely
    leads = torch.cat([between.min(1).values - nearest_real, between.min(0).values - nearest_own])
    apart = (leads.sign() + 1) / 2
    return {
        "diversity": float(own_spread / real_spread.clamp(min=1e-12)),
        "energy": float(energy),
        "duplicates": float((nearest_own < 0.1 * nearest_real.median()).float().mean()),
        "coverage": float((between.min(1).values <= near).float().mean()),
        "nearest_neighbour_accuracy": float(apart.mean()),
    }


def extent(samples: Tensor, real: Tensor) -> dict[str, float]:
    """Return where the values of samples lie in the range of real values, 0 ... 1.

    Returns:
        `lowest_value` and `highest_value`: the first and last hundredth; 0 and 1 are right.
        `saturated`: share of values in the outer hundredth of the range, beyond that of real ones.
    """
    low, high = _ends(real)
    width = (high - low).clamp(min=1e-12)
    first, last = _ends(samples)
    return {
        "lowest_value": float((first - low) / width),
        "highest_value": float((last - low) / width),
        "saturated": float(_outer(samples, low, high) - _outer(real, low, high)),
    }


def _ends(items: Tensor) -> tuple[Tensor, Tensor]:
    values = items.flatten().float()
    rank = max(1, len(values) // 100)
    return values.kthvalue(rank).values, values.kthvalue(len(values) + 1 - rank).values


def _outer(items: Tensor, low: Tensor, high: Tensor) -> Tensor:
    rim = (high - low) / 100
    return ((items <= low + rim) | (items >= high - rim)).float().mean()
