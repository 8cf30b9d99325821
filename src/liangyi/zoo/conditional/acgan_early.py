"""Early AC-GAN: the revision that collapses, a failing ablation beside `acgan`.

Keras example `mnist_acgan.py`, releases 2.0.3 to 2.0.9 (2017), which the learning notes describe;
idea and objective are those of arXiv:1610.09585, equations 2 and 3. Its successors report, and
mend, generators that draw pure black.

Changed from `acgan`: hard labels; the class head learns from generated pictures too, so it may
agree with the generator on a code of their own; both losses weigh the same, as in equations 2 and
3; upsampling and convolutions, no batch normalisation; LeakyReLU with slope 0.3.

Departures: none. Real and generated pictures pass through the discriminator together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from liangyi.core.config import Count, NonNegative, Target, Unit
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.upconv import convolve, double, quartered
from liangyi.zoo.conditional.acgan import ACGAN, ACGANConfig


@dataclass(frozen=True, kw_only=True)
class ACGANEarlyConfig(ACGANConfig):
    """Settings of the early AC-GAN."""

    depth: Count = 128  # channels of the generator's first map
    slope: Unit = 0.3  # of the discriminator's LeakyReLU below zero
    real_target: Target = 1.0  # what to say of real pictures, and what the generator is after
    aux_weight: NonNegative = 1.0  # of the discriminator's class loss, beside real or fake


@register("acgan-early")
class ACGANEarly(ACGAN):
    """Early AC-GAN: the revision that collapses, a failing ablation beside `acgan`."""

    Config = ACGANEarlyConfig
    tiny: ClassVar = {"width": 4, "depth": 4, "latent": 8}

    def drawing(self) -> Sequential:
        """Return the layers from a code [N latent] to a picture."""
        height, width = quartered(self.spec.shape)
        depth = self.config.depth
        return Sequential(
            nn.Linear(self.config.latent, 8 * depth),
            nn.ReLU(inplace=True),
            nn.Linear(8 * depth, depth * height * width),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (depth, height, width)),
            *double(depth, 2 * depth),
            nn.ReLU(inplace=True),
            *double(2 * depth, depth),
            nn.ReLU(inplace=True),
            convolve(depth, self.spec.shape[0], kernel=2),
            nn.Tanh(),
        )

    def class_loss(self, named: Tensor, label: Tensor, asked: Tensor) -> Tensor:
        """What the discriminator's class head learns: to name real and generated pictures."""
        real, fake = named.float().split([len(label), len(asked)])
        return cross_entropy(real, label) + cross_entropy(fake, asked)
