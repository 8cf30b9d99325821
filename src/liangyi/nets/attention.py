"""Self-attention over a map: Zhang et al., "Self-attention GAN", arXiv:1805.08318, section 3."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Maps [N C H W] -> as many: each place adds a mean of all places, weighted by likeness.

    At the beginning the sum's weight is 0, and the layer changes nothing.

    Args:
        channels: of the maps.
        narrower: queries and keys have so many times fewer channels.
    """

    def __init__(self, channels: int, narrower: int = 8) -> None:
        super().__init__()
        inner = max(1, channels // narrower)
        self.query = nn.Conv2d(channels, inner, 1)
        self.key = nn.Conv2d(channels, inner, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.share = nn.Parameter(torch.zeros((), device="cpu"))

    def looked(self, maps: Tensor) -> Tensor:
        """Return what each place looks at: [N places places], the last sums to 1."""
        query, key = self.query(maps).flatten(2), self.key(maps).flatten(2)
        return (query.transpose(1, 2) @ key).float().softmax(2)

    def forward(self, maps: Tensor) -> Tensor:
        """Add what each place looks at."""
        value = self.value(maps).flatten(2)
        seen = value @ self.looked(maps).to(value.dtype).transpose(1, 2)
        return maps + self.share * seen.unflatten(2, maps.shape[2:])
