"""Freezing: the player is what is left, and a mistyped part is told."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from liangyi.core.errors import UserError
from liangyi.nets.freezing import frozen, layers, learning, rest


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(8, 4), nn.Linear(4, 2))
        self.scale = nn.Parameter(torch.ones(1))


def test_without_a_frozen_part_the_whole_learns():
    network = Network()
    assert learning(network, frozen(network, ())) == (network,)


def test_the_largest_parts_without_a_frozen_one_learn():
    network = Network()
    assert learning(network, frozen(network, ["features"])) == (network.scale, network.head)
    assert learning(network, frozen(network, ["features.0", "head"])) == (
        network.scale, network.features[1],
    )  # fmt: skip


def test_features_without_such_a_part_are_all_layers_but_the_last():
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    assert list(layers(network)) == ["0", "1", "3"]
    still = frozen(network, ["features"])
    assert still == (network[0], network[1]) and learning(network, still) == (network[3],)


class Transformer(nn.Module):
    """A weight of the whole beside its layers, as a transformer's class token."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.ones(4))
        self.encoder = nn.Linear(3, 4)
        self.heads = nn.Sequential(nn.Linear(4, 2))


def test_the_last_layer_is_not_frozen_with_what_is_around_it():
    # breaks when a transformer's own weights stand for the whole, so that nothing learns
    network = Transformer()
    still = frozen(network, ["features"])
    assert still == (network.token, network.encoder)
    assert learning(network, still) == (network.heads,)
    rest(still)


def test_frozen_statistics_rest_and_dropout_goes_on():
    network = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(), nn.BatchNorm1d(4)).train()
    rest((network[:2],))
    assert [part.training for part in network] == [False, True, True]


def test_mistakes_name_the_setting():
    network = Network()
    with pytest.raises(UserError, match="unknown part 'feature'; did you mean features") as told:
        frozen(network, ["feature"])
    assert told.value.setting == "freeze"
    whole = nn.Sequential(nn.Linear(2, 2))
    with pytest.raises(UserError, match="nothing would be left") as told:
        frozen(whole, ["0"])
    assert told.value.setting == "freeze"
