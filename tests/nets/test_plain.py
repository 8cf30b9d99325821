"""Fully connected networks, and those that upsample and convolve: layer by layer."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from liangyi.core.errors import UserError
from liangyi.nets import upconv
from liangyi.nets.mlp import Flat, Shaped, mlp, size
from liangyi.nets.weights import glorot


def kinds(network: nn.Sequential) -> list[str]:
    return [type(layer).__name__ for layer in network]


def test_the_last_layer_stays_linear_unless_asked():
    # breaks when logits or codes pass through the activation (torchgan's last LeakyReLU)
    assert kinds(mlp((5, 4, 3, 2), nn.ReLU())) == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert kinds(mlp((5, 4, 3), nn.ReLU(), nn.Tanh())) == ["Linear", "ReLU", "Linear", "Tanh"]
    assert kinds(mlp((5, 3), nn.ReLU())) == ["Linear"]
    widths = [(m.in_features, m.out_features) for m in mlp((5, 4, 3), nn.ReLU())[::2]]
    assert widths == [(5, 4), (4, 3)]


def test_dropout_follows_every_activation_and_only_there():
    network = mlp((5, 4, 3, 2), nn.ReLU(), dropout=0.3)
    assert kinds(network) == ["Linear", "ReLU", "Dropout"] * 2 + ["Linear"]
    assert [m.p for m in network if isinstance(m, nn.Dropout)] == [0.3, 0.3]


def test_flat_and_shaped_keep_items_and_pixels_in_order():
    items = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
    same = Shaped(Flat(nn.Identity()), (3, 4, 5))(items)
    assert torch.equal(same, items)
    assert Flat(nn.Linear(60, 7))(items).shape == (2, 7)
    assert size((3, 4, 5)) == 60


def test_doubling_repeats_each_pixel_before_it_convolves():
    # breaks with bilinear upsampling
    layers = nn.Sequential(*upconv.double(1, 1))
    with torch.no_grad():
        layers[1].weight.zero_()[0, 0, 2, 2] = 1  # the identity
        layers[1].bias.zero_()
    picture = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    wanted = picture.repeat_interleave(2, 0).repeat_interleave(2, 1)
    assert torch.equal(layers(picture[None, None])[0, 0].detach(), wanted)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_convolutions_keep_the_maps_size_and_even_ones_reach_ahead(kernel):
    # the Keras rule: what cannot be padded evenly is padded after the map
    layer = upconv.convolve(1, 1, kernel)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.fill_(1.0 if weight.dim() == 4 else 0.0)
    dot = torch.zeros(1, 1, 11, 12)
    dot[0, 0, 5, 6] = 1
    seen = layer(dot)[0, 0].detach().nonzero()
    assert layer(dot).shape == dot.shape
    before, after = kernel // 2, (kernel - 1) // 2  # places that see the dot ahead, behind
    assert seen.min(0).values.tolist() == [5 - before, 6 - before]
    assert seen.max(0).values.tolist() == [5 + after, 6 + after]


@pytest.mark.parametrize("shape", [(1, 27, 28), (1, 28, 30), (1, 16, 16)])
def test_sides_that_are_no_multiples_of_four_or_too_small_are_the_users_mistake(shape):
    with pytest.raises(UserError, match=f"not {shape[2]} x {shape[1]}; try size=28"):
        upconv.quartered(shape, smallest=5)
    assert upconv.quartered((1, 28, 20), smallest=5) == (7, 5)


def test_first_weights_follow_glorots_uniform_law():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(30, 50), nn.Conv2d(4, 6, 5), nn.ConvTranspose2d(6, 3, 5))
    glorot(network)
    for layer, fans in zip(network, (30 + 50, 25 * (4 + 6), 25 * (6 + 3)), strict=True):
        bound = (6 / fans) ** 0.5
        assert bound * 0.95 < float(layer.weight.detach().abs().max()) <= bound
        assert not layer.bias.any()
