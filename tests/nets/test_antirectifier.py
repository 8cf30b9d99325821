"""The antirectifier: what can be worked out by hand, its gradient, and the widths around it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from liangyi.nets.antirectifier import Antirectifier
from liangyi.nets.mlp import mlp


def test_a_sample_that_can_be_worked_out():
    # mean 2, centred (-1, -1, 2), length sqrt(6)
    found = Antirectifier()(torch.tensor([[1.0, 1.0, 4.0]]))
    expected = torch.tensor([[0, 0, 2, 1, 1, 0]]) / 6**0.5
    torch.testing.assert_close(found, expected)


def test_only_the_direction_of_each_sample_is_left():
    # breaks when the mean is left out, as in many retellings, or taken over the batch
    layer, x = Antirectifier(), torch.randn(6, 5)
    given = layer(x)
    assert given.shape == (6, 10) and bool((given >= 0).all())
    torch.testing.assert_close(given.square().sum(1), torch.ones(6))
    torch.testing.assert_close(layer(3 * x + 7), given, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(layer(x[:1]), given[:1])
    half, other = given.chunk(2, 1)
    centred = x - x.mean(1, keepdim=True)
    torch.testing.assert_close((half - other) * centred.norm(dim=1, keepdim=True), centred)


def test_the_gradient_is_that_of_finite_differences():
    x = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Antirectifier(), x)


def test_a_sample_without_a_direction_gives_zero_and_no_nan():
    x = torch.full((2, 4), 3.0, requires_grad=True)
    found = Antirectifier()(x)
    found.sum().backward()
    assert not found.any() and bool(x.grad.isfinite().all())


def test_maps_are_normalised_place_by_place():
    layer, maps = Antirectifier(), torch.randn(2, 3, 4, 5)
    flat = layer(maps.permute(0, 2, 3, 1).reshape(-1, 3))
    torch.testing.assert_close(layer(maps).permute(0, 2, 3, 1).reshape(-1, 6), flat)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_the_next_layer_is_twice_as_wide(dropout):
    network = mlp((7, 5, 4, 3), Antirectifier(), dropout=dropout)
    inputs = [layer.in_features for layer in network if isinstance(layer, nn.Linear)]
    assert inputs == [7, 10, 8] and network(torch.randn(2, 7)).shape == (2, 3)
    plain = mlp((7, 5, 4, 3), nn.ReLU(), dropout=dropout)
    assert [one.in_features for one in plain if isinstance(one, nn.Linear)] == [7, 5, 4]
