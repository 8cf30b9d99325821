"""Virtual batch normalisation: each item by the statistics of one fixed batch and of itself.

Salimans et al., "Improved techniques for training GANs", arXiv:1606.03498, section 3.5.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class VirtualBatchNorm(nn.Module):
    """Rows or maps [R + N C ...], of which the first R are the reference -> as many.

    Each item counts beside the R of the reference, and no other item does.

    Args:
        channels: C.
        reference: R.
        eps: added to variances.
    """

    def __init__(self, channels: int, reference: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.reference, self.eps = reference, eps
        self.scale = nn.Parameter(torch.ones(channels, device="cpu"))
        self.shift = nn.Parameter(torch.zeros(channels, device="cpu"))

    def forward(self, items: Tensor) -> Tensor:
        """Normalise the reference by itself, all others by it and themselves."""
        values = items.float().flatten(2) if items.dim() > 2 else items.float()[:, :, None]
        moments = torch.stack([values.mean(2), values.square().mean(2)])  # [2 R+N C]
        known = moments[:, : self.reference].mean(1, keepdim=True)
        share = 1 / (self.reference + 1)
        mixed = share * moments[:, self.reference :] + (1 - share) * known
        mean, square = torch.cat([known.expand(-1, self.reference, -1), mixed], 1)
        deviation = (square - mean.square()).clamp(min=0).add(self.eps).sqrt()
        normed = (values - mean[:, :, None]) / deviation[:, :, None]
        return (normed * self.scale[:, None] + self.shift[:, None]).view_as(items).to(items.dtype)


class Beside(nn.Module):
    """Apply a network to items beside a reference batch that stays the same: [N ...] -> [N ...].

    Args:
        network: with `VirtualBatchNorm` in it.
        reference: the batch, kept in checkpoints.
    """

    reference: Tensor

    def __init__(self, network: nn.Module, reference: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("reference", reference.detach().clone())

    def forward(self, items: Tensor) -> Tensor:
        """Return what the network says of the items."""
        found: Tensor = self.network(torch.cat([self.reference.to(items.dtype), items]))
        return found[len(self.reference) :]
