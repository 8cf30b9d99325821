"""f-divergences and their variational bounds: Nowozin et al., "f-GAN", arXiv:1606.00709.

    D(P || Q) = int q f(p / q)  >=  E_P g(V(x)) - E_Q f*(g(V(x)))

for any function V, with equality at f'(p / q) = g(V). The output activation g maps all numbers into
the domain of the conjugate f*. Generators f, activations and conjugates are those of the paper's
tables 1, 2 and 6. As f stands there, `jensen-shannon` is twice the usual divergence, and `gan` that
less ln 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

Name = Literal[
    "kl", "reverse-kl", "pearson", "neyman", "squared-hellinger", "jensen-shannon", "gan"
]
Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Divergence:
    """One f-divergence."""

    generator: Function  # f(u), convex, 0 at 1 (but of `gan`)
    activation: Function  # g(v), into the domain of f*
    conjugate: Function  # f*(g(v)), of v itself: no overflow where g saturates
    threshold: float  # the v of p = q: g(v) = f'(1)


def value(divergence: Divergence, real: Tensor, fake: Tensor) -> Tensor:
    """E g(V(x)) - E f*(g(V(G(z)))), a lower bound of the divergence: equation 7.

    Args:
        divergence: which one.
        real: V of real items, [N] or [N 1].
        fake: V of generated items.
    """
    raised = divergence.activation(real.float()).mean()
    return raised - divergence.conjugate(fake.float()).mean()


DIVERGENCES: dict[Name, Divergence] = {
    "kl": Divergence(
        generator=lambda u: torch.xlogy(u, u),
        activation=lambda v: v,
        conjugate=lambda v: torch.exp(v - 1),
        threshold=1.0,
    ),
    "reverse-kl": Divergence(
        generator=lambda u: -torch.log(u),
        activation=lambda v: -torch.exp(-v),
        conjugate=lambda v: v - 1,
        threshold=0.0,
    ),
    "pearson": Divergence(
        generator=lambda u: (u - 1).square(),
        activation=lambda v: v,
        conjugate=lambda v: v.square() / 4 + v,
        threshold=0.0,
    ),
    "neyman": Divergence(
        generator=lambda u: (1 - u).square() / u,
        activation=lambda v: -torch.expm1(-v),
        conjugate=lambda v: -2 * torch.expm1(-v / 2),
        threshold=0.0,
    ),
    "squared-hellinger": Divergence(
        generator=lambda u: (u.sqrt() - 1).square(),
        activation=lambda v: -torch.expm1(-v),
        conjugate=torch.expm1,
        threshold=0.0,
    ),
    "jensen-shannon": Divergence(
        generator=lambda u: torch.xlogy(u, u) - torch.xlogy(u + 1, (u + 1) / 2),
        activation=lambda v: math.log(2) + logsigmoid(v),
        conjugate=lambda v: softplus(v) - math.log(2),
        threshold=0.0,
    ),
    "gan": Divergence(
        generator=lambda u: torch.xlogy(u, u) - torch.xlogy(u + 1, u + 1),
        activation=logsigmoid,
        conjugate=softplus,
        threshold=0.0,
    ),
}
