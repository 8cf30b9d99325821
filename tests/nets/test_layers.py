"""Layers of the small GAN papers, each against what it must do, and its published mistake."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from liangyi.nets.attention import SelfAttention
from liangyi.nets.blocks import Dense, Residual
from liangyi.nets.fast.sequential import Sequential, plain
from liangyi.nets.minibatch import MinibatchDiscrimination
from liangyi.nets.spectral import spectral
from liangyi.nets.virtual_norm import Beside, VirtualBatchNorm


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_attention_changes_nothing_at_first_and_can_learn_to():
    layer, maps = SelfAttention(16), torch.randn(2, 16, 5, 4)
    found = layer(maps)
    assert torch.equal(found, maps)
    (pull,) = torch.autograd.grad(found.square().sum(), layer.share)
    assert pull.abs() > 0


def test_attention_is_a_mean_over_places():
    # torchgan's mistake: weights that sum to 1 over the places that look, not those looked at
    layer = SelfAttention(8, narrower=1)
    looked = layer.looked(3 * torch.randn(2, 8, 3, 3)).detach()
    torch.testing.assert_close(looked.sum(2), torch.ones(2, 9))
    assert float((looked.sum(1) - 1).abs().max()) > 0.1
    nn.init.zeros_(layer.value.weight), nn.init.constant_(layer.value.bias, 5.0)
    with torch.no_grad():
        layer.share.fill_(1)
    maps = 3 * torch.randn(2, 8, 3, 3)
    torch.testing.assert_close(layer(maps) - maps, torch.full_like(maps, 5.0))


def test_attention_does_not_know_where_a_place_is():
    layer, maps, order = SelfAttention(8), torch.randn(1, 8, 3, 4), torch.randperm(12)
    with torch.no_grad():
        layer.share.fill_(0.7)
    moved = maps.flatten(2)[:, :, order].view_as(maps)
    torch.testing.assert_close(layer(moved).flatten(2), layer(maps).flatten(2)[:, :, order])


def test_minibatch_discrimination_tells_equal_items_from_different_ones():
    layer = MinibatchDiscrimination(4, 6, 3)
    alike, apart = torch.ones(5, 4), 100 * torch.randn(5, 4)
    assert layer(alike).shape == (5, 10)
    torch.testing.assert_close(layer(alike)[:, 4:], torch.full((5, 6), 4.0))  # all others
    torch.testing.assert_close(layer(apart)[:, 4:], torch.zeros(5, 6), atol=1e-3, rtol=0)
    assert torch.equal(layer(apart)[:, :4], apart)


def test_minibatch_discrimination_is_its_formula():
    layer, items = MinibatchDiscrimination(3, 2, 4), torch.randn(5, 3)
    matrix = layer.tensor.detach().view(3, 2, 4)
    for b in range(2):
        for i in range(5):
            near = [
                math.exp(-float(((items[i] - items[j]) @ matrix[:, b]).abs().sum()))
                for j in range(5)
                if j != i
            ]
            assert float(layer(items)[i, 3 + b].detach()) == pytest.approx(sum(near), rel=1e-4)


def test_virtual_statistics_are_those_of_the_reference_and_the_item():
    reference, items = torch.randn(6, 3, 4, 4), 2 + torch.randn(5, 3, 4, 4)
    network = Beside(VirtualBatchNorm(3, 6), reference)
    found = network(items)
    for i in range(5):
        beside = torch.cat([reference, items[i : i + 1]])
        wanted = nn.functional.batch_norm(beside, None, None, training=True)[-1]
        torch.testing.assert_close(found[i], wanted, rtol=1e-4, atol=1e-5)


def test_no_item_knows_the_others_nor_how_often_somebody_asked():
    # torchgan's mistake: every second call's batch is the reference of the next one
    network = Beside(
        nn.Sequential(nn.Linear(4, 8), VirtualBatchNorm(8, 6), nn.ReLU(), nn.Linear(8, 2)),
        torch.randn(6, 4),
    )
    items = torch.randn(5, 4)
    together = network(items)
    alone = torch.cat([network(item) for item in items.split(1)])
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(network(items), together)
    assert "reference" in network.state_dict()


def test_residual_blocks_begin_as_what_they_are_given():
    layers = nn.Conv2d(4, 4, 3, padding=1)
    nn.init.zeros_(layers.weight), nn.init.zeros_(layers.bias)
    maps = torch.randn(2, 4, 5, 5, requires_grad=True)
    found = Residual(layers)(maps)
    assert torch.equal(found, maps)
    (pull,) = torch.autograd.grad(found.sum(), maps)
    assert torch.equal(pull, torch.ones_like(maps))  # nothing vanishes on the way
    narrow = Residual(nn.Conv2d(4, 2, 3, 2, 1), nn.Conv2d(4, 2, 1, 2))
    assert narrow(maps).shape == (2, 2, 3, 3)


def test_dense_blocks_keep_all_that_came_before():
    block = Dense(lambda i, o: nn.Conv2d(i, o, 3, padding=1), 3, growth=2, depth=3)
    maps = torch.randn(2, 3, 4, 4)
    found = block(maps)
    assert found.shape == (2, 9, 4, 4) and torch.equal(found[:, :3], maps)
    assert [layer.in_channels for layer in block.layers] == [3, 5, 7]
    torch.testing.assert_close(found[:, 3:5], block.layers[0](maps))
    torch.testing.assert_close(found[:, 7:], block.layers[2](found[:, :7]))


@pytest.mark.parametrize(
    "layer",
    [nn.Linear(7, 5), nn.Conv2d(3, 6, 3), nn.ConvTranspose2d(3, 6, 4, 2), nn.Conv1d(2, 5, 3)],
)
def test_normalised_weights_have_a_largest_singular_value_of_one(layer):
    with torch.no_grad():
        layer.weight.mul_(30)
    before = layer.weight.detach().clone()
    spectral(layer).train()
    for _ in range(200):
        weight = layer.weight
    outputs = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
    matrix = weight.detach().transpose(0, outputs).flatten(1)
    assert float(torch.linalg.matrix_norm(matrix, 2)) == pytest.approx(1, rel=1e-3)
    ratio = before / weight.detach()  # the same directions, all divided by one number
    assert float(ratio.std() / ratio.mean()) < 1e-4


def test_a_normalised_network_stretches_nothing():
    network = nn.Sequential(nn.Linear(6, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(10)
    spectral(network).train()
    for _ in range(100):
        network(torch.zeros(1, 6))
    network.eval()
    one, other = torch.randn(2, 500, 6)
    moved = (network(one) - network(other)).norm(dim=1) / (one - other).norm(dim=1)
    assert float(moved.detach().max()) <= 1 + 1e-3


def test_the_estimate_moves_once_an_application_in_training_and_never_in_evaluation():
    # breaks when a faster form reads the weights once more: it would train another network
    network = spectral(Sequential(nn.Linear(600, 600), nn.ReLU(), nn.Linear(600, 1)))
    items = torch.randn(64, 600)
    with plain():
        twin = spectral(Sequential(nn.Linear(600, 600), nn.ReLU(), nn.Linear(600, 1)))
    twin.load_state_dict(network.state_dict())
    network(items)
    with plain():
        twin(items)
    state = network.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in twin.state_dict().items())
    network.eval()
    network(items)
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert sorted(n for n, _ in network.named_buffers())[0] == "0.parametrizations.weight.0._u"
