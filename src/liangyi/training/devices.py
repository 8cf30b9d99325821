"""Devices and number formats: what a setting's word means on this machine."""

from __future__ import annotations

import torch
from torch import nn

from liangyi.core.errors import UserError


def choose_device(name: str) -> torch.device:
    """Return the device of this name; `auto` is the best that is there."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if name.partition(":")[0] not in ("cpu", "cuda", "mps", "xpu"):
        raise UserError(
            f"no device {name!r}; there are cpu, cuda, cuda:1 ..., mps, xpu and auto",
            setting="device",
        )
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise UserError(f"no device {name!r} here ({reason}); try auto", setting="device") from None
    return device


def choose_precision(name: str, model: nn.Module, device: torch.device) -> torch.dtype:
    """Return the type of the matrix products; `auto` is bfloat16 where that is fast.

    Fast means: hardware for it, and convolutions to use it on. Weights, optimiser
    state, losses and batch statistics are float32 in any case.
    """
    if name != "auto":
        return torch.bfloat16 if name == "bfloat16" else torch.float32
    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    else:  # matrix units, or at least vectors of twice as many numbers
        cpu = device.type == "cpu"
        fast = cpu and (torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
    convolutions = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)
    convolves = any(isinstance(module, convolutions) for module in model.modules())
    return torch.bfloat16 if convolves and fast else torch.float32
