"""A network that is also given a class."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot


class Conditioned(nn.Module):
    """Items [N *shape] and classes [N] -> what a network says of both.

    Each has a first layer of its own. Joined at once, ten numbers of a class would drown among
    hundreds of pixels: with first weights as large as one over the root of all inputs, nobody hears
    them.

    Args:
        item: flattened items -> vectors.
        label: one-hot classes -> vectors.
        joined: both vectors, one after the other -> the answer.
        classes: how many there are.
    """

    def __init__(self, item: nn.Module, label: nn.Module, joined: nn.Module, classes: int) -> None:
        super().__init__()
        self.item, self.label, self.joined, self.classes = item, label, joined, classes

    def forward(self, item: Tensor, label: Tensor) -> Tensor:
        """Look at both, then at what was seen of both."""
        flat = item.flatten(1)
        chosen = one_hot(label, self.classes).to(flat)
        output: Tensor = self.joined(torch.cat([self.item(flat), self.label(chosen)], 1))
        return output
