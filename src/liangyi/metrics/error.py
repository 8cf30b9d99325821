"""Standard errors of means and of shares."""

from __future__ import annotations

import math

from torch import Tensor


def of_mean(each: Tensor) -> float:
    """Return the standard error of the mean of independent values [N]; not a number for one."""
    return float(each.double().std() / math.sqrt(len(each)))


def of_share(share: float, count: int) -> float:
    """Return the standard error of a share seen in `count` items.

    Two successes and two failures are added first (Agresti and Coull, "Approximate is better than
    'exact' for interval estimation of binomial proportions", 1998): of no item in 750 one may not
    conclude that there are none at all.
    """
    more = (share * count + 2) / (count + 4)
    return math.sqrt(more * (1 - more) / (count + 4))
