"""GAN on a curve: the smallest GAN that there is, two hidden layers that learn y = x^2.

The tutorial of the learning notes (`GAN_Keras.py`): points of the plane on a curve, 122 weights
against 101. The objective is that of Goodfellow et al., arXiv:1406.2661, algorithm 1.

Changed from `gan`: five normal noises, one hidden layer of 15 and of 25 ReLU with He's first
weights, Adam as it comes.

Departures: the discriminator sees real and generated points in one turn, where the tutorial makes
an update for each half; the last layers, too, begin by He's law, there by Glorot's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from liangyi.core import latent
from liangyi.core.batch import Points
from liangyi.core.config import Count, Positive, Share, Training, Unit
from liangyi.core.registry import register
from liangyi.nets.weights import he
from liangyi.zoo.adversarial.gan import GAN, GANConfig


@dataclass(frozen=True, kw_only=True)
class GAN1DConfig(GANConfig):
    """Settings of the GAN on a curve."""

    latent: Count = 5  # length of the noise
    generator_widths: tuple[Count, ...] = (15,)  # hidden layers of the generator
    discriminator_widths: tuple[Count, ...] = (25,)  # hidden layers of the discriminator
    slope: Unit = 0.0  # of the discriminator's LeakyReLU below zero
    learning_rate: Positive = 1e-3  # of both players
    betas: tuple[Share, Share] = (0.9, 0.999)  # Adam's decay rates


@register("gan-1d")
class GAN1D(GAN):
    """GAN on a curve: the smallest GAN that there is."""

    Config = GAN1DConfig
    eats: ClassVar = (Points,)
    data = "parabola"
    recipe = Training(steps=10_000, batch_size=128, log_every=500, sample_every=1000,
                      examine_every=1000, checkpoint_every=5000)  # fmt: skip
    tiny: ClassVar = {}
    tiny_data: ClassVar = {"data": "parabola"}
    noise = latent.normal

    def networks(self) -> None:
        """Build the networks of `gan` with other first weights."""
        super().networks()
        he(self)
