"""Noise GAN: learn a camera's noise from noisy and clean photographs that are no pairs.

Chen, Chen, Chao and Yang, "Image blind denoising with generative adversarial network based noise
modeling", IEEE CVPR 2018 (GCBD), whose generator draws noise that a WGAN-GP critic cannot tell from
a camera's; Jang, Lee, Son and Lee, "C2N: Practical generative noise modeling for real-world
denoising", arXiv:2202.09533, whose generator sees the clean picture, so that noise may depend on
the light:

    min_G max_f  E f(y) - E f(x + G(x, z)) - lambda E (||grad f|| - 1)^2

with y noisy patches, x clean patches of other photographs, and z a map of N(0, 1) for each pixel.
The maps are multiplied by strengths that are read off the light (noise that depends on it) and then
coupled with their neighbours (noise that is correlated), as in C2N's figure 3.

Changed from `wgan-gp`: what is generated is a clean picture plus noise, and both networks are
convolutions alone, so that pictures of any size can be noised. The critic sees, beside each pixel's
neighbourhood, how the pixel differs from it, as GCBD takes the mean from its patches.

Departures: where C2N asks in its loss that noise has the mean 0, here it has that by construction:
the couplings are odd functions of z. Patches are not chosen by their smoothness, as GCBD's are:
the smoothest quarter of the patches of 200 photographs was learned from less well than all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

from liangyi.core import draw
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training
from liangyi.core.model import verb
from liangyi.core.registry import register
from liangyi.core.schedules import second_half
from liangyi.core.spec import AnySize, Pixels
from liangyi.data.pictures.noisy import Unpaired
from liangyi.nets.blocks import Residual
from liangyi.zoo.adversarial.wgan_gp import WGANGP

_STRIP = 2**16  # pixels of a picture that are noised at once


@dataclass(frozen=True, kw_only=True)
class NoiseGANConfig(Config):
    """Settings of the noise GAN."""

    maps: Count = 8  # random numbers for each pixel
    width: Count = 24  # channels of both networks
    critic_steps: Count = 3  # critic turns before each generator turn
    penalty: NonNegative = 10.0  # weight of the gradient penalty, lambda
    critic_rate: Positive = 5e-4  # Adam's learning rate of the critic
    # of the generator: strengths multiply, and at the critic's rate they swing by factors of ten
    generator_rate: Positive = 1e-4
    betas: tuple[Share, Share] = (0.0, 0.9)  # Adam's decay rates


class Noise(nn.Module):
    """Pictures [N C H+4 W+4], dice [N M H+4 W+4] -> noise [N C H W], odd in the dice.

    A pixel's strengths are read off that pixel alone: from its neighbours a generator could tell
    what is rough, and make noise of what one set of photographs shows and the other does not.

    Args:
        channels: C.
        maps: M.
        width: channels in between.
    """

    margin = 2  # pixels around a picture that its noise depends on

    def __init__(self, channels: int, maps: int, width: int) -> None:
        super().__init__()
        self.strength = nn.Sequential(
            nn.Conv2d(channels, width, 1), nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(),
            nn.Conv2d(width, maps, 1),
        )  # fmt: skip
        # x - tanh x is odd, and makes tails heavier than normal ones
        heavier = Residual(nn.Sequential(nn.Tanhshrink(), nn.Conv2d(width, width, 1, bias=False)))
        self.coupled = nn.Sequential(
            nn.Conv2d(maps, width, 3, bias=False), heavier,
            nn.Conv2d(width, channels, 3, bias=False),
        )  # fmt: skip

    def forward(self, picture: Tensor, dice: Tensor) -> Tensor:
        """Scale the dice by the light, and couple neighbours."""
        noise: Tensor = self.coupled(self.strength(picture) * dice)
        return noise


class Beside(nn.Module):
    """Pictures [N C H W] -> means of 3 x 3 pixels, and what the middle differs from them."""

    gain = 4.0  # noise is small beside what photographs show

    def forward(self, picture: Tensor) -> Tensor:
        """Return maps [N 2C H-2 W-2]."""
        smooth = avg_pool2d(picture, 3, 1)
        return torch.cat([smooth, self.gain * (picture[:, :, 1:-1, 1:-1] - smooth)], 1)


class Places(nn.Module):
    """Maps [N 1 H W] -> the mean over all places, [N 1]."""

    def forward(self, maps: Tensor) -> Tensor:
        """Average."""
        return maps.mean((2, 3))


@register("noise-gan")
class NoiseGAN(WGANGP):
    """Noise GAN: learn a camera's noise from noisy and clean photographs that are no pairs."""

    Config = NoiseGANConfig
    eats: ClassVar = (Unpaired,)
    data = "planted-noise"
    recipe = Training(steps=3000, batch_size=32)
    tiny: ClassVar = {"maps": 2, "width": 4, "critic_steps": 2}
    tiny_data: ClassVar = {"data": "planted-noise", "side": 16}
    sample = None  # it draws nothing without a clean picture
    interpolate = None
    generator: Noise

    def networks(self) -> None:
        """Build two networks of convolutions."""
        config, channels = self.config, self.spec.shape[0]
        width, slope = config.width, nn.LeakyReLU(0.2)
        self.generator = Noise(channels, config.maps, width)
        self.critic = nn.Sequential(
            Beside(),
            nn.Conv2d(2 * channels, width, 3), slope,
            nn.Conv2d(width, 2 * width, 3, 2), slope,
            nn.Conv2d(2 * width, 2 * width, 1), slope,
            nn.Conv2d(2 * width, 1, 1),
            Places(),
        )  # fmt: skip

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam at the player's own rate."""
        config = self.config
        rate = config.generator_rate if player == "generator" else config.critic_rate
        return torch.optim.Adam(weights, lr=rate, betas=config.betas, fused=True)

    def schedule(self, player: str, step: int) -> float:
        """Let both rates fall to zero in the second half."""
        return second_half(step, self.planned)

    def residual(self, clean: Tensor) -> Tensor:
        """Return noise [N C H W] for clean pictures of any size, drawn strip by strip."""
        count, width = len(clean), clean.shape[3]
        margin = self.generator.margin
        wide, whole = pad(clean, [margin] * 4, mode="replicate"), width + 2 * margin
        dice, strips, top = self.dice(count, 2 * margin, whole), list[Tensor](), 0
        for piece in torch.split(clean, max(2 * margin, _STRIP // width), 2):
            rows = piece.shape[2]
            # neighbours across the border of two strips share their dice
            dice = torch.cat([dice[:, :, -2 * margin :], self.dice(count, rows, whole)], 2)
            strips.append(self.generator(wide[:, :, top : top + rows + 2 * margin], dice))
            top += rows
        return torch.cat(strips, 2)

    def dice(self, count: int, height: int, width: int) -> Tensor:
        """Return maps of N(0, 1), [count maps height width]."""
        return draw.normal(count, self.config.maps, height, width, device=self.device)

    def noised(self, clean: Tensor) -> Tensor:
        """Return clean pictures [N C H W] with noise, within the range of pictures."""
        return (clean + self.residual(clean)).clamp(*self.image_range)

    def generated(self, count: int, given: Any = None) -> Unpaired:
        """Return clean pictures with noise; without any, evenly lit fields of all brightnesses."""
        if given is not None:
            return Unpaired(self.noised(given.clean), given.clean)
        low, high = self.image_range
        light = low + (high - low) * draw.uniform(count, 1, 1, 1, device=self.device)
        clean = light.expand(-1, *self.spec.shape)
        return Unpaired(self.noised(clean), clean)

    @verb
    def add_noise(self, clean: Annotated[Tensor, AnySize]) -> Annotated[Tensor, Pixels]:
        """Return clean pictures [N C H W] of any size with the learned noise."""
        return self.noised(clean)
