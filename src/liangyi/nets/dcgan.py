"""Strided convolutions for pictures of any size: Radford et al., arXiv:1511.06434, figure 1.

A picture is halved until the next half would be smaller than 4 pixels, or another number (2, for
pictures below 16); channels double on the way down. The generator retraces the discriminator's
sizes, odd ones included, without cropping.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from liangyi.core.errors import UserError
from liangyi.nets.fast.sequential import Sequential


def sizes(shape: Sequence[int], kernel: int, smallest: int = 4) -> list[tuple[int, int]]:
    """Return the map sizes from the picture [C H W] down to the smallest.

    Raises:
        UserError: the picture is too small to be halved once.
    """
    padding = (kernel - 1) // 2
    found = [(shape[1], shape[2])]
    least = smallest if min(found[0]) >= 16 else 2  # one convolution alone sees too little
    while True:
        height, width = ((side + 2 * padding - kernel) // 2 + 1 for side in found[-1])
        if min(height, width) < least:
            break
        found.append((height, width))
    if len(found) == 1:
        raise UserError(
            f"{shape[2]} x {shape[1]} is too small for convolutions",
            setting="size",
            better=28,
        )
    return found


def discriminator(
    shape: Sequence[int],
    width: int,
    kernel: int = 4,
    norm: bool = True,
    slope: float = 0.2,
    outputs: int = 1,
    smallest: int = 4,
) -> Sequential:
    """Return pictures [N C H W] -> logits [N outputs].

    Args:
        shape: of a picture, (C, H, W).
        width: channels after the first convolution.
        kernel: side of the convolutions' windows.
        norm: batch normalisation, everywhere but in the first layer.
        slope: of the LeakyReLU below zero.
        outputs: numbers for each picture.
        smallest: pixels of a side that no map goes below.
    """
    maps = sizes(shape, kernel, smallest)
    layers: list[nn.Module] = []
    channels = shape[0]
    for level in range(len(maps) - 1):
        normed = norm and level > 0
        wider = width * 2**level
        padding = (kernel - 1) // 2
        layers.append(nn.Conv2d(channels, wider, kernel, 2, padding, bias=not norm))
        layers += [nn.BatchNorm2d(wider)] if normed else []
        layers.append(nn.LeakyReLU(slope, inplace=True))
        channels = wider
    height, wide = maps[-1]
    last = nn.Linear(channels * height * wide, outputs, bias=not norm)
    return Sequential(*layers, nn.Flatten(), last)


def generator(
    latent: int,
    shape: Sequence[int],
    width: int,
    kernel: int = 4,
    norm: bool = True,
    smallest: int = 4,
) -> Sequential:
    """Return noise [N latent] -> pictures [N C H W] in (-1, 1).

    Args:
        latent: length of the noise.
        shape: of a picture, (C, H, W).
        width: channels before the last convolution.
        kernel: side of the convolutions' windows.
        norm: batch normalisation, everywhere but in the last layer.
        smallest: pixels of a side that no map goes below.
    """
    maps = sizes(shape, kernel, smallest)[::-1]
    channels = width * 2 ** (len(maps) - 2)
    height, wide = maps[0]
    layers: list[nn.Module] = [
        nn.Linear(latent, channels * height * wide, bias=not norm),
        nn.Unflatten(1, (channels, height, wide)),
        *([nn.BatchNorm2d(channels)] if norm else []),
        nn.ReLU(inplace=True),
    ]
    padding = (kernel - 1) // 2
    for level in range(1, len(maps)):
        final = level == len(maps) - 1
        outputs = shape[0] if final else channels // 2
        reached = [2 * (side - 1) - 2 * padding + kernel for side in maps[level - 1]]
        missing = (maps[level][0] - reached[0], maps[level][1] - reached[1])
        layers.append(
            nn.ConvTranspose2d(channels, outputs, kernel, 2, padding, missing, bias=not norm)
        )
        if not final:
            layers += [nn.BatchNorm2d(outputs)] if norm else []
            layers.append(nn.ReLU(inplace=True))
        channels = outputs
    return Sequential(*layers, nn.Tanh())


def initialize(network: nn.Module) -> None:
    """Draw weights from N(0, 0.02), scales of the normalisation around 1: section 4."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0, 0.02)
            if isinstance(module.bias, Tensor):
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.normal_(module.weight, 1, 0.02)
            nn.init.zeros_(module.bias)
