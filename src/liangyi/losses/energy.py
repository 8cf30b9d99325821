"""What a discriminator that gives energies wants: low for real items, [N], means over the batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize, relu


def margin(real: Tensor, fake: Tensor, least: float) -> Tensor:
    """E D(x) + E max(0, m - D(G(z))): EBGAN, Zhao et al., arXiv:1609.03126, equation 1.

    Args:
        real: energies of real items.
        fake: energies of generated items.
        least: generated items of more energy than this are left alone.
    """
    return real.float().mean() + relu(least - fake.float()).mean()


def pulling_away(codes: Tensor) -> Tensor:
    """Mean squared cosine between the codes of different items: arXiv:1609.03126, equation 4.

    0 where all are orthogonal, 1 where all point one way; one code alone is like no other: 0.

    Args:
        codes: of one batch, [N D].
    """
    units = normalize(codes.float().flatten(1), dim=1)
    count = len(units)
    cosines = units @ units.T
    alike = cosines.square().sum() - cosines.diagonal().square().sum()
    return alike / max(1, count * (count - 1))


def balanced(real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """E L(x) - k E L(G(z)): BEGAN, Berthelot et al., arXiv:1703.10717, section 3.4."""
    return real.float().mean() - share * fake.float().mean()


def imbalance(real: Tensor, fake: Tensor, diversity: float) -> Tensor:
    """How far gamma E L(x) is above E L(G(z)), which k follows: arXiv:1703.10717, section 3.4."""
    return diversity * real.detach().float().mean() - fake.detach().float().mean()


def convergence(real: Tensor, fake: Tensor, diversity: float) -> Tensor:
    """E L(x) + |gamma E L(x) - E L(G(z))|, which falls as BEGAN converges: section 3.4.1."""
    return real.detach().float().mean() + torch.abs(imbalance(real, fake, diversity))
