"""Losses of energies against their closed forms."""

from __future__ import annotations

import pytest
import torch

from liangyi.losses import energy


def test_energy_beyond_the_margin_teaches_nothing():
    real, fake = torch.tensor([0.2, 0.4]), torch.tensor([0.5, 3.0])
    real.requires_grad_(), fake.requires_grad_()
    loss = energy.margin(real, fake, 1.0)
    assert loss.item() == pytest.approx(0.3 + 0.25)
    up, down = torch.autograd.grad(loss, (real, fake))
    assert up.tolist() == [0.5, 0.5] and down.tolist() == [-0.5, 0]


def test_pulling_away_is_zero_for_orthogonal_codes_and_one_for_parallel_ones():
    assert energy.pulling_away(torch.eye(4) * 3).item() == pytest.approx(0)
    line = torch.tensor([[1.0, 2.0], [-2.0, -4.0], [0.1, 0.2]])
    assert energy.pulling_away(line).item() == pytest.approx(1)


def test_pulling_away_measures_angles_between_items():
    # torchgan's mistake: codes scaled over the batch, so that the length of each still counts
    codes = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 5.0]])
    assert energy.pulling_away(codes).item() == pytest.approx((0.5 + 0 + 0.5) * 2 / 6)
    scaled = codes * torch.tensor([[10.0], [0.1], [3.0]])
    torch.testing.assert_close(energy.pulling_away(scaled), energy.pulling_away(codes))
    # and with the diagonal left in, four equal codes would have more than 1
    assert energy.pulling_away(torch.ones(4, 3)).item() == pytest.approx(1)


def test_pulling_away_drives_two_codes_apart():
    codes = torch.tensor([[1.0, 0.2], [1.0, -0.2]], requires_grad=True)
    (pull,) = torch.autograd.grad(energy.pulling_away(codes), codes)
    after = codes.detach() - 0.1 * pull
    assert energy.pulling_away(after) < energy.pulling_away(codes)


def test_began_weighs_the_generated_half_by_its_balance():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.5, 0.7])
    assert energy.balanced(real, fake, torch.tensor(0.0)).item() == pytest.approx(2)
    assert energy.balanced(real, fake, torch.tensor(0.5)).item() == pytest.approx(2 - 0.3)
    assert energy.imbalance(real, fake, 0.5).item() == pytest.approx(1 - 0.6)
    assert energy.convergence(real, fake, 0.5).item() == pytest.approx(2.4)
    # in balance the measure is the error of real items alone
    assert energy.convergence(real, torch.ones(2), 0.5).item() == pytest.approx(2)


def test_one_code_alone_is_like_no_other():
    # breaks when a batch of one, or of one pack, divides by no pairs
    code = torch.tensor([[1.0, 2.0]], requires_grad=True)
    alone = energy.pulling_away(code)
    (slope,) = torch.autograd.grad(alone, code)
    assert alone.item() == 0 and slope.abs().max().item() < 1e-6
