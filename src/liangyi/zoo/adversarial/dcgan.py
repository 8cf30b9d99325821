"""DCGAN: convolutions that made GANs stable enough to draw pictures.

Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional
generative adversarial networks", arXiv:1511.06434, section 3 and figure 1. The objective is that
of the GAN (arXiv:1406.2661, algorithm 1).

Changed from `gan`: strided convolutions instead of fully connected layers; batch normalisation in
both players, not in the generator's last nor the discriminator's first layer; weights from
N(0, 0.02); Adam with rate 2e-4 and beta1 = 0.5.

Departures: real and fake are judged in one batch each (as most implementations do); pictures of
any size, each halved until it is 4 to 7 pixels wide (2 or 3 for pictures below 16 pixels).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, Positive, Share, Target, Training, Unit
from liangyi.core.registry import register
from liangyi.nets import dcgan
from liangyi.nets.adversary import adversary
from liangyi.nets.augment import Augment, augmentation
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class DCGANConfig(Config):
    """Settings of the DCGAN."""

    latent: Count = 100  # length of the noise
    width: Count = 64  # channels of the largest maps; they double at each halving
    slope: Unit = 0.2  # of the discriminator's LeakyReLU below zero
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    pack: Count = 1  # pictures that the discriminator judges together (PacGAN, arXiv:1712.04086)
    augment: Augment = "none"  # how pictures are changed before they are judged, each anew
    learning_rate: Positive = 2e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("dcgan")
class DCGAN(GAN):
    """DCGAN: convolutions that made GANs stable enough to draw pictures."""

    Config = DCGANConfig
    eats = (Images,)
    recipe = Training(steps=6000, batch_size=128)
    tiny: ClassVar = {"width": 8, "latent": 8}

    def networks(self) -> None:
        """Build the networks of figure 1, at the size of the pictures."""
        config, shape = self.config, self.spec.shape
        self.generator = dcgan.generator(config.latent, shape, config.width)
        item, scale = self.spec.created, self.image_range
        augment = augmentation(config.augment, item, scale, self.adversary)
        self.discriminator = adversary(self.discriminator_of, shape, config.pack, augment)
        dcgan.initialize(self)

    def discriminator_of(self, shape: tuple[int, ...]) -> nn.Module:
        """Return the discriminator of pictures of a shape: -> logits [N 1]."""
        return dcgan.discriminator(shape, self.config.width, slope=self.config.slope)
