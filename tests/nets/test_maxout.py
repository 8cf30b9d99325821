"""Maxout and conditioned networks."""

from __future__ import annotations

import torch
from torch import nn

from liangyi.nets.conditioned import Conditioned
from liangyi.nets.maxout import Maxout


def test_a_unit_is_the_largest_of_its_own_pieces():
    layer, x = Maxout(3, 4, 5), torch.randn(6, 3)
    weight, bias = layer.linear.weight.view(4, 5, 3), layer.linear.bias.view(4, 5)
    wanted = (torch.einsum("ni,upi->nup", x, weight) + bias).max(2).values
    torch.testing.assert_close(layer(x), wanted)
    assert layer(x).shape == (6, 4)


def test_two_opposite_pieces_are_the_absolute_value():
    layer = Maxout(1, 1, 2)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        layer.linear.bias.zero_()
    x = torch.tensor([[-3.0], [0.5]])
    assert layer(x).tolist() == [[3.0], [0.5]]


def test_item_and_class_are_looked_at_apart_and_then_together():
    item = torch.arange(8.0).view(2, 1, 2, 2)
    network = Conditioned(Scaled(2), Scaled(5), nn.Identity(), 3)
    assert network(item, torch.tensor([2, 0])).tolist() == [
        [0, 2, 4, 6, 0, 0, 5], [8, 10, 12, 14, 5, 0, 0],
    ]  # fmt: skip


class Scaled(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.factor * x
