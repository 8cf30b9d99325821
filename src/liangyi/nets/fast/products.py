"""Products of matrices by oneDNN where MKL, which PyTorch asks for them, is slow.

On processors by AMD with AVX-512, MKL takes its path for AVX2 in float32, oneDNN the wide one:
twice as fast. Other types PyTorch gives to oneDNN by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

_WORTH = 4_000_000  # multiplications in a product from which the way to oneDNN pays


def slow(one: Tensor, other: Tensor) -> bool:
    """Whether PyTorch would give the product of these two to MKL, and that is slow here."""
    return (
        one.dtype == other.dtype == torch.float32
        and one.device.type == other.device.type == "cpu"
        and _slow_library()
    )


@cache
def _slow_library() -> bool:
    about = Path("/proc/cpuinfo")
    return (
        torch.backends.mkl.is_available()
        and torch.backends.mkldnn.is_available()
        and torch.backends.cpu.get_cpu_capability() == "AVX512"
        and about.is_file()
        and "AuthenticAMD" in about.read_text()
    )


def product(one: Tensor, other: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return [M N], by oneDNN: one [M K] times other [N K] transposed, plus bias [N]."""
    found: Tensor = torch.ops.liangyi.product(one, other, bias)
    return found


# an operator of our own: the compiler takes PyTorch's for one whose weights never change
_operators = torch.library.Library("liangyi", "DEF")
_operators.define("product(Tensor one, Tensor other, Tensor? bias=None) -> Tensor")


@torch.library.impl(_operators, "product", "CPU")
def _by_onednn(one: Tensor, other: Tensor, bias: Tensor | None = None) -> Tensor:
    function = torch.ops.mkldnn._linear_pointwise
    found: Tensor = function(_whole(one), _whole(other), bias, "none", [], "")
    return found


def _whole(matrix: Tensor) -> Tensor:
    # oneDNN takes the part of a larger matrix number by number: a thousand times as long
    whole = matrix.is_contiguous() or matrix.t().is_contiguous()
    return matrix if whole else matrix.contiguous()


def _shape(one: Tensor, other: Tensor, bias: Tensor | None = None) -> Tensor:
    return one.new_empty(len(one), len(other))


torch.library.register_fake("liangyi::product", _shape, lib=_operators)


def _mm(one: Tensor, other: Tensor) -> Tensor:
    return product(one, other.t()) if _pays(one, other) else NotImplemented


def _addmm(bias: Tensor, one: Tensor, other: Tensor, **factors: float) -> Tensor:
    wanted = bias.dim() == 1 and not factors and _pays(one, other)
    return product(one, other.t(), bias) if wanted else NotImplemented


def _pays(one: Tensor, other: Tensor) -> bool:
    return one.numel() * other.shape[1] >= _WORTH and slow(one, other)


# what a tracer below autograd writes down in place of PyTorch's products
DECOMPOSITIONS: dict[torch._ops.OpOverload[..., Any], Callable[..., Any]] = {
    torch.ops.aten.mm.default: _mm,
    torch.ops.aten.addmm.default: _addmm,
}
