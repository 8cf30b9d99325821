"""DCGAN of a course: convolutions with max pooling against a generator with two dense layers.

The convolutional networks of the assignment on GANs of Stanford's CS231n, which the teaching
notebook of `gan` took over. Objective: that of `gan`, arXiv:1406.2661, algorithm 1. By name only a
DCGAN (arXiv:1511.06434): its rules ask for strides instead of pooling, no dense hidden layers, and
normalisation in the discriminator.

Changed from `gan`: the networks. In the generator the normalisation follows the ReLU.

Departures: none beside those of `gan`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, Positive, Share, Target, Training, Unit
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.upconv import quartered
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class DCGANCS231nConfig(Config):
    """Settings of the course's DCGAN."""

    latent: Count = 96  # length of the noise
    hidden: Count = 1024  # width of each player's dense layer
    depth: Count = 128  # channels of the generator's first map; halved once
    width: Count = 32  # channels of the discriminator's first map; doubled once
    slope: Unit = 0.01  # of the discriminator's LeakyReLU below zero
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    learning_rate: Positive = 3e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("dcgan-cs231n")
class DCGANCS231n(GAN):
    """DCGAN of a course: max pooling against a generator with two dense layers."""

    Config = DCGANCS231nConfig
    eats: ClassVar = (Images,)
    data = "mnist"
    recipe = Training(steps=1955, batch_size=128)
    tiny: ClassVar = {"latent": 8, "hidden": 16, "depth": 8, "width": 4}
    tiny_data: ClassVar = {"data": "digits", "size": 20}

    def networks(self) -> None:
        """Build the networks of the course."""
        config, (channels, *sides) = self.config, self.spec.shape
        height, wide = quartered(self.spec.shape, smallest=4)
        depth, hidden, width = config.depth, config.hidden, config.width
        self.generator = Sequential(
            nn.Linear(config.latent, hidden),
            nn.ReLU(inplace=True),
            nn.BatchNorm1d(hidden),
            nn.Linear(hidden, depth * height * wide),
            nn.ReLU(inplace=True),
            nn.BatchNorm1d(depth * height * wide),
            nn.Unflatten(1, (depth, height, wide)),
            nn.ConvTranspose2d(depth, depth // 2, 4, 2, padding=1),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(depth // 2),
            nn.ConvTranspose2d(depth // 2, channels, 4, 2, padding=1),
            nn.Tanh(),
        )
        height, wide = (((side - 4) // 2 - 4) // 2 for side in sides)
        self.discriminator = Sequential(
            nn.Conv2d(channels, width, 5),
            nn.LeakyReLU(config.slope, inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 5),
            nn.LeakyReLU(config.slope, inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(2 * width * height * wide, hidden),
            nn.LeakyReLU(config.slope, inplace=True),
            nn.Linear(hidden, 1),
        )
