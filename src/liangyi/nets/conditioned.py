"""A network that is also given a class, as the simplest way has it: joined to its input."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot


class Conditioned(nn.Module):
    """Items [N *shape] and classes [N] -> what a network of flat vectors says of both.

    Args:
        network: takes vectors as long as an item and the classes together.
        classes: how many there are.
    """

    def __init__(self, network: nn.Module, classes: int) -> None:
        super().__init__()
        self.network, self.classes = network, classes

    def forward(self, item: Tensor, label: Tensor) -> Tensor:
        """Join the one-hot class to the flattened item and apply the network."""
        flat = item.flatten(1)
        output: Tensor = self.network(torch.cat([flat, one_hot(label, self.classes).to(flat)], 1))
        return output
