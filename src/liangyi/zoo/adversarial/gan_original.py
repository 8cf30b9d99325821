"""The first GAN: ReLU against maxout, by plain gradient descent, as in the paper of 2014.

Goodfellow et al., "Generative Adversarial Networks", arXiv:1406.2661, section 5; networks and
settings are those of the authors' `mnist.yaml`. The objective is that of `gan`, algorithm 1.

Changed from `gan`: normal noise; 1200-1200 ReLU and a sigmoid against two layers of 240 maxout
units of 5 pieces with dropout; stochastic gradient descent with momentum 0.5 and a rate that falls.

Departures: the players move one after the other, as in algorithm 1 (there at once); the momentum
stays, where theirs rises to 0.7 over 250 epochs; the last bias begins at 0, not at the data's mean.
Their discriminator's loss is the mean of the two terms, ours the sum: its rate is half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from liangyi.core import latent
from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Target, Training
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.maxout import Maxout
from liangyi.nets.mlp import Flat, Shaped, mlp
from liangyi.nets.weights import evenly
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class GANOriginalConfig(Config):
    """Settings of the first GAN."""

    latent: Count = 100  # length of the noise
    generator_widths: tuple[Count, ...] = (1200, 1200)  # hidden layers of the generator
    units: Count = 240  # in each of the discriminator's two hidden layers
    pieces: Count = 5  # linear functions that a unit is the largest of
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    learning_rate: Positive = 0.1  # of the generator; the discriminator's is half
    decay: NonNegative = 4e-6  # the rate is divided by 1 + decay after each step
    momentum: Share = 0.5  # share of the last step that is made again


@register("gan-original")
class GANOriginal(GAN):
    """The first GAN: ReLU against maxout, by plain gradient descent."""

    Config = GANOriginalConfig
    eats: ClassVar = (Images,)
    image_range = (0.0, 1.0)
    data = "mnist"
    recipe = Training(steps=12_000, batch_size=100)
    tiny: ClassVar = {"latent": 8, "generator_widths": (16,), "units": 4, "pieces": 2}
    noise = latent.normal

    def networks(self) -> None:
        """Build the networks of the paper."""
        config, pixels = self.config, self.spec.size
        widths = (config.latent, *config.generator_widths, pixels)
        self.generator = Shaped(mlp(widths, nn.ReLU(), nn.Sigmoid()), self.spec.shape)
        self.discriminator = Flat(Sequential(
            nn.Dropout(0.2), Maxout(pixels, config.units, config.pieces),
            nn.Dropout(0.5), Maxout(config.units, config.units, config.pieces),
            nn.Dropout(0.5), nn.Linear(config.units, 1),
        ))  # fmt: skip
        evenly(self.generator, 0.05)
        evenly(self.discriminator, 0.005)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return gradient descent with momentum."""
        rate = self.config.learning_rate / (2 if player == "discriminator" else 1)
        return torch.optim.SGD(weights, lr=rate, momentum=self.config.momentum)

    def schedule(self, player: str, step: int) -> float:
        """Let the rate fall, down to a hundred-thousandth."""
        return max(float((1 + self.config.decay) ** -step), 1e-5)
