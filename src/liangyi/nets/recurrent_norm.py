"""Recurrent batch normalisation: one layer, statistics of its own at each time.

Cooijmans et al., "Recurrent batch normalization", arXiv:1603.09025, section 3: what a recurrent
network computes differs from time to time, so running statistics of all times together are those
of none. Scale and shift are shared, as the weights are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RecurrentBatchNorm2d(nn.Module):
    """Maps [N C H W] at one time -> as many, normalised by the statistics of that time.

    Args:
        channels: C.
        times: T.
    """

    def __init__(self, channels: int, times: int) -> None:
        super().__init__()
        self.at = nn.ModuleList(nn.BatchNorm2d(channels, affine=False) for _ in range(times))
        self.scale = nn.Parameter(torch.ones(channels, device="cpu"))
        self.shift = nn.Parameter(torch.zeros(channels, device="cpu"))
        self.time = 0  # set before each forward pass

    def forward(self, maps: Tensor) -> Tensor:
        """Normalise by the statistics of the time that is set."""
        normed: Tensor = self.at[self.time](maps)
        return normed * self.scale[:, None, None] + self.shift[:, None, None]


def recurrent(network: nn.Sequential, times: int) -> nn.Sequential:
    """Put `RecurrentBatchNorm2d` in the place of each `BatchNorm2d` of a network; return it."""
    for place, layer in enumerate(network):
        if isinstance(layer, nn.BatchNorm2d):
            network[place] = RecurrentBatchNorm2d(layer.num_features, times)
    return network


def set_time(network: nn.Module, time: int) -> None:
    """Say at which time a network is about to compute."""
    for layer in network.modules():
        if isinstance(layer, RecurrentBatchNorm2d):
            layer.time = time
