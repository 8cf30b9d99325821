"""Fully connected networks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from torch import Tensor, nn

from liangyi.nets.fast.sequential import Sequential


def mlp(
    widths: Sequence[int],
    activation: nn.Module | None,
    last: nn.Module | None = None,
    dropout: float = 0,
) -> Sequential:
    """Return linear layers of these widths: [N widths[0]] -> [N widths[-1]].

    Args:
        widths: of the input, the hidden layers and the output.
        activation: after every layer but the last, None: the layers follow each other; one that
            gives several values for each that it takes says how many: `widening`.
        last: after the last layer.
        dropout: after every activation.
    """
    layers: list[nn.Module] = []
    widening = getattr(activation, "widening", 1)
    for position, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        layers.append(nn.Linear(inputs * widening if position else inputs, outputs))
        if activation and position < len(widths) - 2:
            layers += [activation, nn.Dropout(dropout)] if dropout else [activation]
    return Sequential(*layers, *([last] if last else []))


class Flat(nn.Module):
    """A network of flat vectors that looks at items of any shape: [N *shape] -> [N outputs]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, item: Tensor) -> Tensor:
        """Flatten the items and apply the network."""
        output: Tensor = self.network(item.flatten(1))
        return output


class Shaped(nn.Module):
    """A network of flat vectors that draws items of a shape: [N inputs] -> [N *shape]."""

    def __init__(self, network: nn.Module, shape: Sequence[int]) -> None:
        super().__init__()
        self.network, self.shape = network, tuple(shape)

    def forward(self, code: Tensor) -> Tensor:
        """Apply the network and shape its output."""
        output: Tensor = self.network(code).unflatten(1, self.shape)
        return output


def size(shape: Sequence[int]) -> int:
    """Return the number of values in one item."""
    return math.prod(shape)
