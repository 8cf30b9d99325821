"""f-divergences: conjugates against Legendre's own definition, and bounds tight on known laws."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from liangyi.losses.divergence import DIVERGENCES, value

NAMES = list(DIVERGENCES)
GRID = torch.linspace(-12, 12, 24_001, dtype=torch.float64)
STEP = float(GRID[1] - GRID[0])


def normal(mean: float, deviation: float) -> Tensor:
    return torch.exp(-(((GRID - mean) / deviation) ** 2) / 2) / deviation / math.sqrt(2 * math.pi)


P, Q = normal(0.3, 1.0), normal(-0.2, 1.1)


def slope(name: str, ratio: Tensor) -> Tensor:
    """Return f'(u)."""
    ratio = ratio.clone().requires_grad_()
    return torch.autograd.grad(DIVERGENCES[name].generator(ratio).sum(), ratio)[0]


def exact(name: str, p: Tensor, q: Tensor) -> float:
    return float((q * DIVERGENCES[name].generator(p / q)).sum()) * STEP


def bound(name: str, values: Tensor, p: Tensor = P, q: Tensor = Q) -> float:
    """Return E_P g(V) - E_Q f*(g(V)) by a sum over the grid."""
    own = DIVERGENCES[name]
    return float((p * own.activation(values) - q * own.conjugate(values)).sum()) * STEP


def best(name: str, ratio: Tensor) -> Tensor:
    """Return the V at which g(V) = f'(p / q), by halving intervals: g rises."""
    wanted, low, high = (
        slope(name, ratio),
        torch.full_like(ratio, -700),
        torch.full_like(ratio, 700),
    )
    for _ in range(80):
        middle = (low + high) / 2
        above = DIVERGENCES[name].activation(middle) > wanted
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    return (low + high) / 2


@pytest.mark.parametrize("name", NAMES)
def test_the_conjugate_is_legendres(name):
    # f*(t) = sup_u (u t - f(u)), by a fine grid of u: no formula of the table is taken on trust
    ratios = torch.exp(torch.linspace(-18, 18, 200_001, dtype=torch.float64))
    for v in (-2.0, -0.5, 0.0, 0.7, 1.9):
        point = torch.tensor(v, dtype=torch.float64)
        t = DIVERGENCES[name].activation(point)
        wanted = (ratios * t - DIVERGENCES[name].generator(ratios)).max()
        if name == "pearson" and v < -2 + 1e-9:
            continue  # u = 0, the border
        assert float(DIVERGENCES[name].conjugate(point)) == pytest.approx(float(wanted), abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_best_function_makes_the_bound_the_divergence(name):
    found, wanted = bound(name, best(name, P / Q)), exact(name, P, Q)
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-9)
    assert wanted > 0 or name == "gan"


@pytest.mark.parametrize("name", NAMES)
def test_no_function_passes_the_divergence(name):
    top, there = exact(name, P, Q), best(name, P / Q)
    for change in (0.1, -0.1, 0.2 * torch.sin(GRID), -0.05 * GRID):
        assert bound(name, there + change) < top - 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_the_threshold_is_the_value_where_both_laws_are_alike(name):
    one = torch.ones(1, dtype=torch.float64)
    at = DIVERGENCES[name].activation(one * DIVERGENCES[name].threshold)
    torch.testing.assert_close(at, slope(name, one))
    # there the bound is 0 for equal laws, -ln 4 for the GAN's
    flat = torch.full_like(GRID, DIVERGENCES[name].threshold)
    wanted = -2 * math.log(2) if name == "gan" else 0
    assert bound(name, flat, P, P) == pytest.approx(wanted, abs=1e-9)


def test_divergences_of_two_normal_laws_have_their_closed_forms():
    p, q = normal(0.5, 1), normal(-0.5, 1)  # means 1 apart
    forms = {
        "kl": 0.5,
        "reverse-kl": 0.5,
        "pearson": math.e - 1,
        "neyman": math.e - 1,
        "squared-hellinger": 2 - 2 * math.exp(-1 / 8),
    }
    for name, wanted in forms.items():
        assert exact(name, p, q) == pytest.approx(wanted, rel=1e-6)
    assert exact("gan", p, q) == pytest.approx(exact("jensen-shannon", p, q) - math.log(4))


def test_kl_and_reverse_kl_are_each_others_mirror():
    assert exact("kl", P, Q) == pytest.approx(exact("reverse-kl", Q, P))
    assert exact("pearson", P, Q) == pytest.approx(exact("neyman", Q, P))
    assert exact("kl", P, Q) != pytest.approx(exact("reverse-kl", P, Q), rel=1e-2)


@pytest.mark.parametrize("name", NAMES)
def test_the_activation_reaches_the_whole_domain_and_no_further(name):
    # a sigmoid before the conjugate, as one widespread script has it, would stop at (0, 1)
    v = torch.linspace(-30, 30, 601, dtype=torch.float64)
    t = DIVERGENCES[name].activation(v)
    assert (t.diff() >= 0).all()
    top = {"reverse-kl": 0, "gan": 0, "neyman": 1, "squared-hellinger": 1}
    top |= {"jensen-shannon": math.log(2)}
    assert float(t.max()) <= top.get(name, 30) and float(t.min()) < -20
    assert float(t.max()) == pytest.approx(top.get(name, 30), abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_bound_is_the_two_means_and_both_kinds_have_gradients(name):
    real, fake = torch.tensor([[0.3], [-0.2]]), torch.tensor([[0.1], [0.4], [-0.6]])
    real.requires_grad_(), fake.requires_grad_()
    own = DIVERGENCES[name]
    found = value(own, real, fake)
    torch.testing.assert_close(found, own.activation(real).mean() - own.conjugate(fake).mean())
    up, down = torch.autograd.grad(found, (real, fake))
    assert (up > 0).all() and (down < 0).all()


def test_values_far_out_are_finite_where_the_activation_saturates():
    # f*(g(v)) composed of its two formulas would be log 0 or a division by 0
    for name in ("jensen-shannon", "gan", "squared-hellinger", "neyman", "reverse-kl"):
        far = torch.tensor([60.0, -60.0])
        assert DIVERGENCES[name].conjugate(far).isfinite().all(), name
