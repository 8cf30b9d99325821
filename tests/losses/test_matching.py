"""Matching of means, and averaging over the past, against their closed forms."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from liangyi.losses.matching import feature_matching, historical_averaging
from liangyi.nets.history import History


def test_features_match_where_their_means_do():
    # torchgan's mistake: item i of one batch against item i of the other
    real = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    assert feature_matching(real, real[torch.randperm(6)]).item() == pytest.approx(0, abs=1e-9)
    assert feature_matching(real, real + 2).item() == pytest.approx(4 * 4, rel=1e-5)
    assert feature_matching(real[:2], real[:2].repeat(5, 1)).item() == pytest.approx(0, abs=1e-9)


def test_only_generated_features_have_a_gradient():
    real = torch.randn(3, 2, requires_grad=True)
    fake = torch.zeros(4, 2, requires_grad=True)
    loss = feature_matching(real, fake)
    pulls = torch.autograd.grad(loss, (fake, real), allow_unused=True)
    torch.testing.assert_close(pulls[0], (-2 * real.detach().mean(0) / 4).expand(4, 2))
    assert pulls[1] is None


def test_history_is_the_mean_of_all_weights_so_far():
    network = nn.Linear(2, 2)
    history, seen = History(network), []
    for step in range(4):
        with torch.no_grad():
            network.weight.add_(step)
        seen.append(network.weight.detach().clone())
        history.follow(network)
    torch.testing.assert_close(history.means[0], torch.stack(seen).mean(0))
    loss = historical_averaging(list(network.parameters()), history.means)
    wanted = (network.weight - torch.stack(seen).mean(0)).square().sum()
    torch.testing.assert_close(loss, wanted)
    (pull,) = torch.autograd.grad(loss, network.weight)
    torch.testing.assert_close(pull, 2 * (network.weight - history.means[0]).detach())


def test_history_is_kept_in_checkpoints_and_belongs_to_nobodys_weights():
    # torchgan keeps it in a Python list, which a resumed training has lost
    network = nn.Linear(3, 1)
    history = History(network)
    history.follow(network)
    assert not list(history.parameters())
    again = History(nn.Linear(3, 1))
    again.load_state_dict(history.state_dict())
    assert torch.equal(again.means[0], network.weight) and again.count == 1
    other = copy.deepcopy(history)
    other.follow(nn.Linear(3, 1))
    assert history.count == 1
