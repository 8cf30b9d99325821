"""Being alike on the whole: Salimans et al., "Improved techniques", arXiv:1606.03498, section 3."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def feature_matching(real: Tensor, fake: Tensor) -> Tensor:
    """||E f(x) - E f(G(z))||^2, the generator's loss of section 3.1: means, not pairs, are alike.

    Args:
        real: features of real items [N ...]; nothing flows back through them.
        fake: features of generated items [M ...].
    """
    wanted = real.detach().float().flatten(1).mean(0)
    return (wanted - fake.float().flatten(1).mean(0)).square().sum()


def historical_averaging(weights: Sequence[Tensor], means: Sequence[Tensor]) -> Tensor:
    """||theta - mean of theta so far||^2, a term of either player's loss: section 3.3."""
    apart = [(w - m.detach()).square().sum() for w, m in zip(weights, means, strict=True)]
    return torch.stack(apart).sum()
