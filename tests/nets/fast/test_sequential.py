"""Fast forms against the plain layers: the same values and gradients, over many shapes."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from liangyi.nets.fast import sequential, small_map
from liangyi.nets.fast.dropout import dropout
from liangyi.nets.fast.order import arranged
from liangyi.nets.fast.sequential import Sequential, plain


def upsampled(kernel: int, bias: bool = True) -> list[nn.Module]:
    return [
        nn.Upsample(scale_factor=2),
        nn.Conv2d(6, 4, kernel, padding=kernel // 2, bias=bias),
    ]


# fmt: off
NETWORKS: dict[str, tuple[list[nn.Module], list[tuple[int, ...]]]] = {
    "doubled, 3": (upsampled(3), [(2, 6, 5, 7)]),
    "doubled, 5": (upsampled(5), [(1, 6, 1, 1), (2, 6, 4, 4), (3, 6, 5, 7), (2, 6, 1, 9)]),
    "doubled, 5, no bias": (upsampled(5, bias=False), [(2, 6, 4, 6)]),
    "doubled, 7": (upsampled(7), [(2, 6, 3, 3), (2, 6, 8, 5)]),
    "doubled, 9": (upsampled(9), [(2, 6, 2, 3)]),
    "doubled twice": (
        [*upsampled(5), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Upsample(scale_factor=2),
         nn.Conv2d(4, 3, 5, padding=2), nn.Sigmoid()],
        [(4, 6, 3, 4)],
    ),
    "judge": (
        [nn.Conv2d(1, 8, 5, 2, 2), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(8, 6, 5, 2, 2),
         nn.BatchNorm2d(6), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(6, 6, 5, padding=2),
         nn.Flatten(), nn.LazyLinear(1)],
        [(3, 1, 14, 14), (3, 1, 28, 28)],
    ),
    "flat above the smallest": (
        [nn.Conv2d(2, 3, 3), nn.LeakyReLU(0.2), nn.Flatten(), nn.LazyLinear(2)],
        [(3, 2, 9, 8)],
    ),
    "drawn": (
        [nn.Linear(5, 48), nn.Unflatten(1, (3, 4, 4)), nn.ReLU(), nn.ConvTranspose2d(3, 2, 4, 2, 1),
         nn.Tanh()],
        [(2, 5)],
    ),
    "others": (
        [nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(2, 3, 5, padding=2),
         nn.Upsample(size=(9, 9)), nn.Conv2d(3, 4, 5, padding=2), nn.Upsample(scale_factor=3),
         nn.Conv2d(4, 2, 5, padding=2), nn.Upsample(scale_factor=2),
         nn.Conv2d(2, 2, 5, padding=2, padding_mode="reflect"), nn.Upsample(scale_factor=2),
         nn.Conv2d(2, 2, 5, stride=2, padding=2), nn.Flatten(2)],
        [(2, 2, 4, 5)],
    ),
}
# fmt: on
CASES = [(name, shape) for name, (_, shapes) in NETWORKS.items() for shape in shapes]


def outcome(network: nn.Module, x: Tensor) -> list[Tensor]:
    """Return the values, the gradients, and those of a gradient's own square."""
    weights = [x, *network.parameters()]
    y = network(x)
    first = torch.autograd.grad(y.square().mean(), weights, create_graph=True)
    penalty = sum(gradient.square().sum() for gradient in first)
    second = torch.autograd.grad(penalty, weights, allow_unused=True)
    return [y, *first, *(value for value in second if value is not None)]


@pytest.mark.parametrize("name, shape", CASES)
def test_fast_forms_give_what_the_plain_layers_give(name: str, shape: tuple[int, ...]) -> None:
    # breaks when a tap is folded into the wrong phase, or a gradient comes back in another order
    torch.manual_seed(0)
    network = Sequential(*[copy.deepcopy(layer) for layer in NETWORKS[name][0]]).double()
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    network(x)  # lazy layers learn their widths
    fast = outcome(network, x)
    with plain():
        slow = outcome(network, x)
    assert len(fast) == len(slow)
    for one, other in zip(fast, slow, strict=True):
        assert one.shape == other.shape
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("size", [(4, 4), (3, 3), (2, 5), (1, 4), (5, 5)])
@pytest.mark.parametrize("kernel", [5, 7])
def test_small_maps_are_convolved_as_by_the_plain_layer(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], kernel: int
) -> None:
    # breaks when a row meets the wrong matrix, or a tap is summed where it falls on the padding
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    called = []
    chosen = sequential.small_convolution
    monkeypatch.setattr(
        sequential, "small_convolution", lambda *given: called.append(1) or chosen(*given)
    )
    torch.manual_seed(0)
    network = Sequential(nn.Conv2d(32, 40, kernel, padding=kernel // 2))
    x = torch.randn(33, 32, *size, requires_grad=True)
    weights = [x, *network.parameters()]

    def graded() -> list[Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            y = network(x)
        gradients = torch.autograd.grad(y.float().square().mean(), weights)
        return [y.detach().float(), *gradients]

    fast = graded()
    assert called
    with plain():
        slow = graded()
    for one, other in zip(fast, slow, strict=True):
        assert one.dtype == other.dtype
        assert float((one - other).norm() / other.norm()) < 0.02  # bfloat16 has 8 bits


def test_small_maps_in_double_precision_and_twice_differentiated() -> None:
    x = torch.randn(3, 4, 4, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(5, 4, 5, 5, dtype=torch.float64, requires_grad=True)
    small = small_map._Small.apply
    torch.testing.assert_close(small(x, weight), torch.conv2d(x, weight, padding=2))
    assert torch.autograd.gradcheck(small, (x, weight))
    assert torch.autograd.gradgradcheck(small, (x[:1], weight))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.4, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_drops_its_share_anywhere_and_keeps_the_mean(
    share: float, dtype: torch.dtype
) -> None:
    # breaks when lanes of a word depend on each other or the scale is not that of the share
    torch.manual_seed(0)
    count = 400_003
    y = dropout(torch.ones(count, dtype=dtype), share)
    dropped = (y == 0).double()
    assert float(dropped.mean()) == pytest.approx(share, abs=5 * (0.25 / count) ** 0.5)
    assert set(y[y != 0].tolist()) == {
        torch.tensor(1 / (1 - round(share * 32768) / 32768), dtype=dtype).item()
    }
    for lag in (1, 2, 3, 4, 8):  # neighbours in a word and across words
        both = float((dropped[lag:] * dropped[:-lag]).mean())
        assert both == pytest.approx(share**2, abs=5 * (0.25 / count) ** 0.5)
    assert not torch.equal(y, dropout(torch.ones(count, dtype=dtype), share))


def test_dropout_multiplies_values_and_gradients_by_one_mask() -> None:
    for x in (torch.randn(3, 5, 7, 9), torch.randn(3, 5, 7, 9).permute(0, 3, 1, 2)):
        x = x.detach().requires_grad_()
        y = dropout(x, 0.3)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        torch.testing.assert_close(y, x * gradient)
        assert 0 < int((gradient == 0).sum()) < x.numel()
    for share in (0.0, 1e-9):
        assert torch.equal(dropout(x, share), x)


def test_dropout_is_decided_by_the_seed_and_only_while_training() -> None:
    network, x = Sequential(nn.Dropout(0.5)), torch.randn(4, 100)
    torch.manual_seed(3)
    first = network(x)
    torch.manual_seed(3)
    assert torch.equal(network(x), first) and not torch.equal(first, x)
    assert torch.equal(network.eval()(x), x)


def test_weights_keep_their_names_and_each_layer_can_be_watched() -> None:
    # breaks when a checkpoint would depend on the form, or `liangyi show` missed layers
    layers = [*upsampled(5), nn.LeakyReLU(0.2), nn.Dropout(0.4)]
    network = Sequential(*layers)
    assert list(network.state_dict()) == list(nn.Sequential(*layers).state_dict())
    shapes = []
    for layer in network:
        layer.register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape)))
    network(torch.randn(2, 6, 3, 3))
    assert shapes == [(2, 6, 6, 6)] + [(2, 4, 6, 6)] * 3


def test_maps_are_put_in_the_order_in_which_they_are_convolved() -> None:
    # breaks when pointwise layers meet values in one order and gradients in another: slow
    last = torch.channels_last
    assert arranged(torch.randn(2, 3, 9, 9)).is_contiguous(memory_format=last)
    assert arranged(torch.randn(2, 3, 4, 4).to(memory_format=last)).is_contiguous()
    one = arranged(torch.randn(2, 1, 9, 9))
    assert torch.conv2d(one, torch.randn(4, 1, 3, 3)).is_contiguous(memory_format=last)
    x = torch.randn(2, 3, 9, 9).to(memory_format=last).requires_grad_()
    seen = []
    x.register_hook(lambda gradient: seen.append(gradient.is_contiguous(memory_format=last)))
    Sequential(nn.Identity(), nn.Flatten())(x).sum().backward()
    assert seen == [True]
