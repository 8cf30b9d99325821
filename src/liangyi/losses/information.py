"""How much of a code can be found again: lower bounds on a mutual information, in nats an item.

Chen et al., "InfoGAN", arXiv:1606.03657, equation 5:

    I(c; G(z, c)) >= E log Q(c | x) + H(c)
"""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn.functional import cross_entropy


def of_category(logits: Tensor, category: Tensor) -> Tensor:
    """Return the bound for a category that was drawn evenly: at most log C, 0 for a blind guess.

    Args:
        logits: of Q(c | x), [N C].
        category: that made the items, [N].
    """
    return math.log(logits.shape[1]) - cross_entropy(logits.float(), category)


def of_uniform(mean: Tensor, code: Tensor) -> Tensor:
    """Return the bound for codes of U(-1, 1), Q normal of deviation 1: summed over the codes.

    With that deviation it is at most log 2 - log(2 pi) / 2 = -0.226 for each code: a bound that
    never promises anything, but whose gradient is that of the squared error, halved.

    Args:
        mean: of Q(c | x), [N K].
        code: that made the items, [N K].
    """
    square = (mean.float() - code).square().sum(1).mean()
    return mean.shape[1] * (math.log(2) - math.log(2 * math.pi) / 2) - square / 2
