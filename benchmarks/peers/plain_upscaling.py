"""SRResNet as one writes it in plain PyTorch: the network, its step, and its use on a picture."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, l1_loss

from benchmarks.harness import Prepared
from benchmarks.peers.stretch import repeated, stretches


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=1)
        self.two = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + self.two(torch.relu(self.one(x)))
        return found


class Network(nn.Module):
    def __init__(self, factor: int, width: int, blocks: int) -> None:
        super().__init__()
        self.factor = factor
        self.first = nn.Conv2d(3, width, 9, padding=4)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.after = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, 3 * factor**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(factor)

    def forward(self, low: Tensor) -> Tensor:
        maps = torch.relu(self.first(low))
        more: Tensor = self.shuffle(self.last(maps + self.after(self.blocks(maps))))
        sides = [side * self.factor for side in low.shape[2:]]
        return more + interpolate(low, sides, mode="bicubic", antialias=True)


def training(
    factor: int, width: int, blocks: int, batch: int, size: int, precision: str, device: str
) -> Prepared:
    """Return steps on patches that lie ready in memory."""
    torch.manual_seed(0)
    network = Network(factor, width, blocks).to(device)
    optimizer = torch.optim.Adam(network.parameters(), 5e-4)
    image = torch.rand(8, batch, 3, size, size, device=device) * 2 - 1
    low = torch.stack([
        interpolate(one, scale_factor=1 / factor, mode="bicubic", antialias=True) for one in image
    ])  # fmt: skip

    def step(number: int) -> None:
        with _precision(precision, device)():
            loss = l1_loss(network(low[number % 8]), image[number % 8])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    facts = {"precision": precision, "weights": sum(w.numel() for w in network.parameters())}
    return stretches(repeated(step, device), 1, warm=3, seconds=5), facts


def use(factor: int, width: int, blocks: int, height: int, wide: int, device: str) -> Prepared:
    """Return the enlargement of one picture, whole, in float32; a unit is a megapixel made."""
    network = Network(factor, width, blocks).to(device).eval()
    picture = torch.rand(1, 3, height, wide) * 2 - 1

    @torch.no_grad()
    def work(number: int) -> None:
        (network(picture.to(device)).clamp(-1, 1) * 127.5 + 127.5).round().byte()

    megapixels = factor**2 * height * wide / 1e6
    return stretches(repeated(work, device), megapixels, warm=1, seconds=3), {}


def _precision(name: str, device: str) -> Callable[[], torch.autocast | nullcontext[None]]:
    if name == "float32":
        return nullcontext
    return lambda: torch.autocast(device, torch.bfloat16)
