"""The mean of all weights that a network ever had, for historical averaging.

Salimans et al., "Improved techniques for training GANs", arXiv:1606.03498, section 3.3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class History(nn.Module):
    """Means of a network's weights over the steps so far: buffers, so that checkpoints hold them.

    Args:
        network: whose weights they are; it is no part of this module.
    """

    count: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros((), device="cpu"))
        for number, weight in enumerate(network.parameters()):
            self.register_buffer(f"mean{number}", weight.detach().clone())

    @property
    def means(self) -> list[Tensor]:
        """The means, in the order of the network's weights; before the first step its own."""
        return [buffer for name, buffer in self.named_buffers() if name != "count"]

    @torch.no_grad()
    def follow(self, network: nn.Module) -> None:
        """Take in the weights of this step."""
        self.count += 1
        for mean, weight in zip(self.means, network.parameters(), strict=True):
            mean += (weight - mean) / self.count
