"""Maxout: Goodfellow et al., "Maxout networks", arXiv:1302.4389, section 3."""

from __future__ import annotations

from torch import Tensor, nn


class Maxout(nn.Module):
    """Vectors [N inputs] -> [N units]: each unit is the largest of several linear functions.

    Args:
        inputs: width of the input.
        units: width of the output.
        pieces: linear functions of each unit.
    """

    def __init__(self, inputs: int, units: int, pieces: int) -> None:
        super().__init__()
        self.linear, self.shape = nn.Linear(inputs, units * pieces), (units, pieces)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the linear functions and take the largest of each unit."""
        return self.linear(x).unflatten(1, self.shape).amax(2)
