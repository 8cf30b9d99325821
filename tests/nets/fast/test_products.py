"""Products by oneDNN against PyTorch's own: the same numbers, eager and in a compiled step."""

from __future__ import annotations

import shutil

import pytest
import torch
from torch import nn

from liangyi.nets.fast import linear, products
from liangyi.nets.fast.sequential import Sequential, plain

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let every product go to oneDNN, and count the matrices that came there."""
    monkeypatch.setattr(products, "_slow_library", lambda: True)
    monkeypatch.setattr(products, "_WORTH", 0)
    monkeypatch.setattr(linear, "_WORTH", 0)
    seen: list[int] = []
    whole = products._whole
    monkeypatch.setattr(products, "_whole", lambda matrix: seen.append(1) or whole(matrix))
    return seen


def test_matrices_may_lie_in_any_way(made):
    # breaks when a transposed matrix, or a part of one, is read as if it lay in rows
    torch.manual_seed(0)
    rows, weights, bias = torch.randn(40, 60), torch.randn(70, 70), torch.randn(70)
    for one in (rows, rows[:7, 5:25], rows[:20, 3:10].t(), rows.t()[5:12]):
        inputs = one.shape[1]
        part = weights[:, :inputs]
        for other in (part, part.contiguous(), part.t().contiguous().t(), part.t()[:, :inputs].t()):
            for added in (None, bias[: len(other)]):
                wanted = one @ other.t() + (0 if added is None else added)
                found = products.product(one, other, added)
                torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert made


@pytest.mark.parametrize("bias", [True, False])
def test_layers_give_what_plain_layers_give_and_can_be_differentiated_twice(made, bias):
    torch.manual_seed(0)
    network = Sequential(nn.Linear(12, 30, bias=bias), nn.Tanh(), nn.Linear(30, 7, bias=bias))
    x = torch.randn(9, 12, requires_grad=True)

    def outcome() -> list[torch.Tensor]:
        weights = [x, *network.parameters()]
        y = network(x)
        only = torch.autograd.grad(y.square().mean(), weights, retain_graph=True)
        first = torch.autograd.grad(y.square().mean(), weights, create_graph=True)
        return [y, *only, *first, *torch.autograd.grad(sum(g.square().sum() for g in first), x)]

    fast = outcome()
    # of each layer the values, and both gradients twice: alone, and below the second derivative
    assert len(made) == 2 * 2 * (1 + 2 + 2)
    with plain():
        slow = outcome()
    assert len(made) == 2 * 2 * (1 + 2 + 2)
    for one, other in zip(fast, slow, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_other_types_stay_with_pytorch(made):
    network = Sequential(nn.Linear(12, 30))
    for x in (torch.randn(2, 3, 12), torch.randn(2, 12).double()):
        network.to(x.dtype)(x)
    network.float()
    with torch.autocast("cpu", torch.bfloat16):
        assert network(torch.randn(2, 12)).dtype == torch.bfloat16
    assert not made


@pytest.mark.timeout(600)
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_a_compiled_step_takes_them_and_trains_the_same(made, small):
    curves = []
    for compile_ in ("off", "on"):
        trainer = small("vae").trainer(steps=4, examine_every=0, compile=compile_)
        made.clear()
        curves.append([report.read() for report in trainer.run(4)])
        assert made
    for now, then in zip(*curves, strict=True):
        assert now == pytest.approx(then, rel=1e-3, abs=1e-4)
