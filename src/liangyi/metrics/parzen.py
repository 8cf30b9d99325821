"""Parzen-window log-likelihood: the figure of the first papers on GANs, kept to compare with them.

A normal of one deviation is laid around each of some thousand samples, and the density of their
mixture is taken for the model's. In many dimensions it is a poor measure (Theis, van den Oord and
Bethge, arXiv:1511.01844, section 3.2): with so few samples it is far from the model's own
likelihood, it ranks models otherwise, and blurred means of the data beat real pictures, whose own
figure is here the floor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from liangyi.core.errors import UserError

DEVIATIONS = tuple(10 ** (place / 9 - 1) for place in range(10))  # of pixels in [0, 1]: 0.1 ... 1
_BLOCK = 500  # items that are looked at together


def parzen(items: Tensor, samples: Tensor, deviations: Sequence[float]) -> Tensor:
    """Return log p(x) of items [N D] under samples [M D], nats, for each deviation: [K N].

    log p(x) = log 1/M sum_m N(x; sample_m, deviation^2): Goodfellow et al., arXiv:1406.2661, 5.

    Raises:
        UserError: a set is empty, or the widths differ.
    """
    if items.dim() != 2 or items.shape[1:] != samples.shape[1:] or not (len(items) * len(samples)):
        shapes = f"{list(items.shape)} and {list(samples.shape)}"
        raise UserError(f"a Parzen window wants sets [N D] and [M D], not {shapes}")
    centre = samples.double().mean(0)  # the squares of what is far from 0 would cancel
    items, samples = ((part.double() - centre).float() for part in (items, samples))
    width, found = items.shape[1], []
    for part in items.split(_BLOCK):
        square = part.square().sum(1, keepdim=True) + samples.square().sum(1)
        square = square.addmm_(part, samples.T, alpha=-2).clamp_(min=0).double()
        found.append(torch.stack([
            (square / (-2 * deviation**2)).logsumexp(1)
            - math.log(len(samples)) - width * math.log(deviation * math.sqrt(2 * math.pi))
            for deviation in deviations
        ]))  # fmt: skip
    return torch.cat(found, 1)


def best_deviation(
    validation: Tensor, samples: Tensor, deviations: Sequence[float] = DEVIATIONS
) -> float:
    """Return the deviation under which validation items [N D] are likeliest.

    They must be others than those that are reported on, or the figure is too good.

    Raises:
        UserError: a set is empty, or the widths differ.
    """
    return deviations[int(parzen(validation, samples, deviations).mean(1).argmax())]
