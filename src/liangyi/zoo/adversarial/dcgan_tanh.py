"""DCGAN with tanh throughout: max pooling, upsampling and plain gradient descent.

Jacob Gildenblat's `keras-dcgan` (2015), by way of the experiments of a Chinese machine learning
site. Objective: that of `gan`, arXiv:1406.2661, algorithm 1; of the rules of DCGAN
(arXiv:1511.06434) it keeps only that there are convolutions.

Changed from `gan`: the networks; stochastic gradient descent with Nesterov's momentum.

Departures: the discriminator stands still in the generator's turn by construction; there it was
frozen when the pair was compiled, and later changes of `trainable` did nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, Positive, Share, Target, Training
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.upconv import convolve, double, quartered
from liangyi.nets.weights import glorot
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class DCGANTanhConfig(Config):
    """Settings of the DCGAN with tanh."""

    latent: Count = 100  # length of the noise
    hidden: Count = 1024  # width of each player's dense layer
    depth: Count = 128  # channels of each player's deepest map; the other has half
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    learning_rate: Positive = 1e-3  # of both players
    momentum: Share = 0.9  # of both players, Nesterov's


@register("dcgan-tanh")
class DCGANTanh(GAN):
    """DCGAN with tanh throughout: max pooling, upsampling and plain gradient descent."""

    Config = DCGANTanhConfig
    eats: ClassVar = (Images,)
    data = "mnist"
    recipe = Training(epochs=30, batch_size=128)
    tiny: ClassVar = {"latent": 8, "hidden": 16, "depth": 8}
    tiny_data: ClassVar = {"data": "digits", "size": 20}

    def networks(self) -> None:
        """Build the networks of the original."""
        config, (channels, *sides) = self.config, self.spec.shape
        height, wide = quartered(self.spec.shape, smallest=3)
        depth, hidden = config.depth, config.hidden
        self.generator = Sequential(
            nn.Linear(config.latent, hidden),
            nn.Tanh(),
            nn.Linear(hidden, depth * height * wide),
            nn.BatchNorm1d(depth * height * wide, eps=1e-3),
            nn.Tanh(),
            nn.Unflatten(1, (depth, height, wide)),
            *double(depth, depth // 2),
            nn.Tanh(),
            nn.Upsample(scale_factor=2),
            convolve(depth // 2, channels),
            nn.Tanh(),
        )
        height, wide = ((side // 2 - 4) // 2 for side in sides)
        self.discriminator = Sequential(
            convolve(channels, depth // 2),
            nn.Tanh(),
            nn.MaxPool2d(2),
            nn.Conv2d(depth // 2, depth, 5),
            nn.Tanh(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(depth * height * wide, hidden),
            nn.Tanh(),
            nn.Linear(hidden, 1),
        )
        glorot(self)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return gradient descent with Nesterov's momentum."""
        config = self.config
        return torch.optim.SGD(
            weights, lr=config.learning_rate, momentum=config.momentum, nesterov=True
        )
