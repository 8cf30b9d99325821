"""Blocks that hand on what they were given: by adding to it, or by growing beside it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """x -> shortcut(x) + layers(x): He et al., arXiv:1512.03385, equation 1.

    Args:
        layers: what is added.
        shortcut: to the shape of what is added, where that is another one.
    """

    def __init__(self, layers: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.layers = layers
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, maps: Tensor) -> Tensor:
        """Add to the maps."""
        found: Tensor = self.shortcut(maps) + self.layers(maps)
        return found


class Dense(nn.Module):
    """[N C ...] -> [N C + depth * growth ...]: each layer sees all before it, arXiv:1608.06993.

    Args:
        layer: builds a layer of so many channels in and `growth` out.
        channels: C.
        growth: channels that each layer appends.
        depth: number of layers.
    """

    def __init__(
        self, layer: Callable[[int, int], nn.Module], channels: int, growth: int, depth: int
    ) -> None:
        super().__init__()
        inputs = range(channels, channels + depth * growth, growth)
        self.layers = nn.ModuleList(layer(count, growth) for count in inputs)

    def forward(self, maps: Tensor) -> Tensor:
        """Append to the maps, layer after layer."""
        for layer in self.layers:
            maps = torch.cat([maps, layer(maps)], 1)
        return maps
