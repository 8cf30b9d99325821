"""The Wasserstein distance against closed forms and POT."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics.transport import wasserstein


def cloud(count: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("width", [1, 2, 5, 64])
def test_a_shift_costs_its_length(width):
    # breaks with squared distances (W2) or sums over coordinates
    items, shift = cloud(100, width), torch.full((width,), 3.0) / width**0.5
    assert wasserstein(items, items + shift) == pytest.approx(3, rel=1e-5)
    assert wasserstein(items, items.flip(0)) == pytest.approx(0, abs=1e-7)


def test_small_distances_far_from_zero_survive():
    # breaks when distances are taken from inner products
    items = (cloud(50, 40) + 1e4).double()
    assert wasserstein(items, items + 1e-3) == pytest.approx(1e-3 * 40**0.5, rel=1e-5)


def test_half_the_mass_moves():
    # {0, 0, 0, 0} to {0, 0, 3, 3}: half of it goes 3 far, in one dimension and along a diagonal
    zero, away = torch.zeros(4, 1), torch.tensor([[0.0], [0], [3], [3]])
    assert wasserstein(zero, away) == pytest.approx(1.5)
    flat = torch.tensor([[0.6, 0.8]])
    assert wasserstein(zero * flat, away * flat) == pytest.approx(1.5)


def test_in_one_dimension_sets_may_differ_in_number():
    # scipy's documentation: u = [0, 1, 3], v = [5, 6, 8]; and {0, 1} to {0} moves half by 1
    one, other = torch.tensor([[0.0], [1], [3]]), torch.tensor([[5.0], [6], [8]])
    assert wasserstein(one, other) == pytest.approx(5)
    assert wasserstein(torch.tensor([[0.0], [1]]), torch.tensor([[0.0]])) == pytest.approx(0.5)
    many = cloud(3000, 1)  # more than `most`, and yet all of them
    assert wasserstein(many, many + 2, most=10) == pytest.approx(2, rel=1e-5)


@pytest.mark.parametrize("width", [1, 2, 7])
def test_pot_agrees(width):
    # breaks when the plan is not the best one
    ot = pytest.importorskip("ot")
    one, other = cloud(60, width).double(), 0.5 * cloud(60, width, seed=1).double() + 1
    equal = torch.full((60,), 1 / 60, dtype=torch.float64).numpy()
    wanted = ot.emd2(equal, equal, torch.cdist(one, other).numpy())
    assert wasserstein(one, other) == pytest.approx(float(wanted), rel=1e-9)


def test_it_is_a_distance():
    one, two, three = (cloud(40, 3, seed) + seed for seed in range(3))
    assert wasserstein(one, two) == pytest.approx(wasserstein(two, one), rel=1e-12)
    assert wasserstein(one, three) <= wasserstein(one, two) + wasserstein(two, three)


def test_of_many_items_equally_many_are_taken_by_the_seed():
    # breaks when the first ones are taken: data often comes class by class
    one = torch.cat([cloud(100, 2), cloud(100, 2, seed=1) + 50])
    other = torch.cat([cloud(300, 2, seed=2), cloud(300, 2, seed=3) + 50])
    first = wasserstein(one, other, most=150)
    assert first == wasserstein(one, other, most=150)
    assert first != wasserstein(one, other, seed=1, most=150)
    # 150 of each have 75 near each end, give or take 6: sorted ones would have 100 against 150
    assert first < 20
    assert wasserstein(one[:30], other[:5]) > 0


def test_the_random_state_of_others_is_left_alone():
    before = torch.get_rng_state()
    wasserstein(cloud(20, 2), cloud(30, 2, seed=1), most=5)
    assert torch.equal(before, torch.get_rng_state())


def test_pictures_are_flattened():
    one, other = cloud(12, 3 * 4).view(12, 1, 3, 4), cloud(12, 12, seed=1)
    assert wasserstein(one, other.view(12, 1, 3, 4)) == wasserstein(one.flatten(1), other)


def test_mistakes_are_one_line():
    with pytest.raises(UserError, match="nothing can be carried"):
        wasserstein(cloud(3, 2), cloud(3, 4))
    with pytest.raises(UserError, match="nothing can be carried"):
        wasserstein(cloud(0, 2), cloud(3, 2))
    with pytest.raises(UserError, match="not finite"):
        wasserstein(cloud(3, 2) / 0, cloud(3, 2))
