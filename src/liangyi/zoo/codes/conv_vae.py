"""Convolutional VAE: digits on a plane, by convolutions.

Kingma and Welling, arXiv:1312.6114, equation 10, with the networks of Keras' own example:

    max  E_q log p(x | z) - KL(q(z | x) || N(0, 1))

nats a picture. Convolutions of 32 and 64 channels, each halving the picture, a layer of 16, and a
code of two numbers; back by transposed convolutions.

Changed from `vae`: the networks, and the code of two numbers, which can be looked at.

Departures from the example: it trains on all 70,000 digits and prints the training's loss; here the
test digits are held out. Keras pads a halving convolution below and to the right alone, here all
around.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.upconv import quartered
from liangyi.nets.weights import glorot
from liangyi.zoo.codes.vae import VAE


@dataclass(frozen=True, kw_only=True)
class ConvVAEConfig(Config):
    """Settings of the convolutional VAE."""

    latent: Count = 2  # length of the code
    width: Count = 32  # channels of the first convolution; twice as many of the second
    hidden: Count = 16  # width of the layer before the code
    beta: NonNegative = 1.0  # weight of the KL term; 1 is the bound on the likelihood
    learning_rate: Positive = 1e-3  # Adam's
    betas: tuple[Share, Share] = (0.9, 0.999)  # Adam's decay rates


@register("conv-vae")
class ConvVAE(VAE):
    """Convolutional VAE: digits on a plane, by convolutions."""

    Config = ConvVAEConfig
    recipe = Training(epochs=30, batch_size=128, sample_every=1000, checkpoint_every=2000)
    tiny: ClassVar = {"width": 4, "hidden": 8}

    def networks(self) -> None:
        """Build Keras' networks, layer for layer, with Keras' first weights."""
        config, channels = self.config, self.spec.shape[0]
        height, wide = quartered(self.spec.shape)
        narrow, deep = config.width, 2 * config.width
        self.encoder = Sequential(
            nn.Conv2d(channels, narrow, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(narrow, deep, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(deep * height * wide, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, 2 * config.latent),
        )
        self.decoder = Sequential(
            nn.Linear(config.latent, deep * height * wide),
            nn.ReLU(),
            nn.Unflatten(1, (deep, height, wide)),
            nn.ConvTranspose2d(deep, deep, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(deep, narrow, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(narrow, channels, 3, padding=1),
        )
        glorot(self)
