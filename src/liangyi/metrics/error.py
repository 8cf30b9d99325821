"""Standard errors, all with one meaning: how far the figure moves when everything is drawn anew.

Of means and shares of independent items there are formulas. Where items share neighbours they are
not independent, and the real ones, drawn once for all samples, move every sample's word together:
there subsets of both sets tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from liangyi.core import draw

SUBSETS = 25  # whose spread has one degree of freedom less
_PART = 5  # a subset holds a fifth of the items: few enough to overlap little
_LEAST = 8  # but never fewer than this: a neighbourhood has five


def of_mean(each: Tensor) -> float:
    """Return the standard error of the mean of independent values [N]; not a number for one."""
    return float(each.double().std() / math.sqrt(len(each)))


def of_left_out(figures: Tensor) -> float:
    """Return the standard error of a figure that is no mean, of it without each group in turn [G].

    The jackknife (Efron and Stein, "The jackknife estimate of variance", 1981): groups whose items
    go together, such as patches of one photograph, count once.
    """
    figures, groups = figures.double(), len(figures)
    return float(((figures - figures.mean()).square().sum() * (groups - 1) / groups).sqrt())


def of_ratio(above: Tensor, below: Tensor) -> float:
    """Return the standard error of mean(above) / mean(below) of independent pairs [N].

    By the delta method: the mean of above - ratio x below, over the mean of below.
    """
    above, below = above.double(), below.double()
    rest = above - above.mean() / below.mean() * below
    return of_mean(rest) / float(below.mean().abs())


def of_share(share: float, count: int) -> float:
    """Return the standard error of a share seen in `count` items.

    Two successes and two failures are added first (Agresti and Coull, "Approximate is better than
    'exact' for interval estimation of binomial proportions", 1998): of no item in 750 one may not
    conclude that there are none at all.
    """
    more = (share * count + 2) / (count + 4)
    return math.sqrt(more * (1 - more) / (count + 4))


def of_correlation(correlation: float, count: int) -> float:
    """Return the standard error of Spearman's correlation of `count` independent pairs.

    Fisher's transformation has the variance (1 + r^2 / 2) / (count - 3) (Bonett and Wright, "Sample
    size requirements for estimating Pearson, Kendall and Spearman correlations", 2000).
    """
    error = math.sqrt((1 + correlation**2 / 2) / max(1, count - 3))
    return (1 - correlation**2) * error


def of_redrawn(
    each: Callable[[Tensor, Tensor], Sequence[Tensor]],
    real: Tensor,
    fake: Tensor,
    alone: Sequence[float],
) -> list[float]:
    """Return the standard errors of means over items that both sets decide, were both drawn anew.

    The means are taken of 25 subsets, a fifth of each set (Politis and Romano, "Large sample
    confidence regions based on subsamples", 1994). Their variance shrinks to the whole in one of
    two ways, and the larger result is taken: like 1 / N; or like the variance of independent items,
    of which it is a fixed multiple (the design effect of Kish, 1965). Shares near 0 or 1 and
    densities change with N, and the first alone would mislead there; what the real items do to all
    samples at once does not follow their shares, and the second would. A jackknife would not do:
    nearest neighbours are no smooth function of the items, and it gives up to three times the
    variance.

    Args:
        each: gives values of items, [N] or [M], one tensor a figure, which is their mean.
        real: [N D].
        fake: [M D].
        alone: the standard error of each figure if its items were independent.
    """
    part = min(0.9, max(1 / _PART, _LEAST / min(len(real), len(fake))))
    dice = draw.generator(0, "subsets")

    def some(items: Tensor) -> Tensor:
        chosen = torch.randperm(len(items), generator=dice, device="cpu")[
            : max(2, round(part * len(items)))
        ]
        return items[chosen.to(items.device)]

    found = [each(some(real), some(fake)) for _ in range(SUBSETS)]
    errors = []
    for values, error in zip(zip(*found, strict=True), alone, strict=True):
        means = torch.stack([value.double().mean() for value in values])
        usual = sum(of_mean(value) ** 2 for value in values) / SUBSETS
        # subsets of one set share items, which keeps them nearer to each other than new draws
        variance = float(means.var()) / (1 - part)
        effect = variance / usual if usual else 1.0
        errors.append(math.sqrt(max(variance * part, effect * error**2)))
    return errors
