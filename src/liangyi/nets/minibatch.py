"""Minibatch discrimination: a discriminator that sees how alike the items of a batch are.

Salimans et al., "Improved techniques for training GANs", arXiv:1606.03498, section 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MinibatchDiscrimination(nn.Module):
    """Features [N A] -> [N A + B]: to each, how near its B projections are to the others'.

    o_b(x) = the sum over all other items y of exp(-||M_b(x) - M_b(y)||_1), M_b a matrix [A C]. The
    paper adds the item itself, which is 1 for each.

    Args:
        features: A.
        kernels: B.
        width: C.
    """

    def __init__(self, features: int, kernels: int = 50, width: int = 5) -> None:
        super().__init__()
        first = torch.empty(features, kernels * width, device="cpu")
        self.tensor = nn.Parameter(nn.init.normal_(first, 0, features**-0.5))
        self.width = width

    def forward(self, features: Tensor) -> Tensor:
        """Append the likeness to the others in this batch."""
        projected = (features @ self.tensor).float().unflatten(1, (-1, self.width))
        apart = (projected[:, None] - projected[None]).abs().sum(3)
        near = torch.exp(-apart).sum(1) - 1
        return torch.cat([features, near.to(features.dtype)], 1)
