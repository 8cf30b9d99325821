"""DCGAN for MNIST: the network of the learning notes, with the mistake in it mended.

Rowel Atienza's `dcgan_mnist.py` (2017), layer for layer: a generator that upsamples and convolves,
and a discriminator of four 5 x 5 convolutions with dropout and no batch normalisation. Objective
and architecture rules are those of arXiv:1406.2661, algorithm 1, and arXiv:1511.06434.

Changed from `gan`: the networks; sigmoid output, so pictures are in (0, 1); RMSprop.

Departures from the original: the discriminator is frozen in the generator's turn. (There its
weights moved towards "fake is real" in every such turn, since one optimiser owned both networks.)
The generator's turn uses the noise of the discriminator's. Learning rates of the revision of June
2017; its decay of 6e-8 a step, which changes nothing in 10,000 steps, is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, Positive, Share, Target, Training, Unit
from liangyi.core.registry import register
from liangyi.core.spec import Spec
from liangyi.nets.adversary import adversary
from liangyi.nets.augment import Augment, augmentation
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.upconv import convolve, double, quartered
from liangyi.nets.weights import glorot
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class DCGANMnistConfig(Config):
    """Settings of the notes' DCGAN."""

    latent: Count = 100  # length of the noise
    depth: Count = 256  # channels of the generator's first map; halved at each convolution
    width: Count = 64  # channels of the discriminator's first map; doubled at each convolution
    dropout: Share = 0.4  # in both players
    slope: Unit = 0.2  # of the discriminator's LeakyReLU below zero
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    augment: Augment = "none"  # how pictures are changed before they are judged, each anew
    discriminator_rate: Positive = 2e-4  # RMSprop's learning rate of the discriminator
    generator_rate: Positive = 1e-4  # RMSprop's learning rate of the generator


@register("dcgan-mnist")
class DCGANMnist(GAN):
    """DCGAN for MNIST: the network of the learning notes, with the mistake in it mended."""

    Config = DCGANMnistConfig
    eats = (Images,)
    image_range = (0.0, 1.0)
    data = "mnist"
    recipe = Training(steps=10_000, batch_size=256)
    tiny: ClassVar = {"width": 4, "depth": 16, "latent": 8}

    def networks(self) -> None:
        """Build the notes' networks, layer for layer."""
        self.generator = generator(self.config, self.spec)
        augment = augmentation(self.config.augment, self.spec.created, self.image_range)
        self.discriminator = adversary(self.discriminator_of, self.spec.shape, augment=augment)
        glorot(self)

    def discriminator_of(self, shape: tuple[int, ...]) -> nn.Module:
        """Return the notes' discriminator."""
        return discriminator(self.config, self.spec)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return RMSprop, one for each player, over disjoint weights."""
        rates = {
            "discriminator": self.config.discriminator_rate,
            "generator": self.config.generator_rate,
        }
        # Keras: the moving average decays by 0.9, epsilon 1e-7
        return torch.optim.RMSprop(weights, lr=rates[player], alpha=0.9, eps=1e-7)


def generator(config: DCGANMnistConfig, spec: Spec) -> Sequential:
    """Return noise [N latent] -> pictures [N C H W] in (0, 1)."""
    height, width = quartered(spec.shape)
    depth = config.depth
    # Keras' momentum 0.9 is PyTorch's 0.1
    return Sequential(
        nn.Linear(config.latent, depth * height * width),
        nn.BatchNorm1d(depth * height * width, eps=1e-3),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (depth, height, width)),
        nn.Dropout(config.dropout),
        *double(depth, depth // 2),
        nn.BatchNorm2d(depth // 2, eps=1e-3),
        nn.ReLU(inplace=True),
        *double(depth // 2, depth // 4),
        nn.BatchNorm2d(depth // 4, eps=1e-3),
        nn.ReLU(inplace=True),
        convolve(depth // 4, depth // 8),
        nn.BatchNorm2d(depth // 8, eps=1e-3),
        nn.ReLU(inplace=True),
        convolve(depth // 8, spec.shape[0]),
        nn.Sigmoid(),
    )


def discriminator(config: DCGANMnistConfig, spec: Spec) -> Sequential:
    """Return pictures [N C H W] -> logits [N 1]."""
    layers: list[nn.Module] = []
    channels, (height, wide) = spec.shape[0], spec.shape[1:]
    for level, stride in enumerate((2, 2, 2, 1)):
        outputs = config.width * 2**level
        layers += [
            nn.Conv2d(channels, outputs, 5, stride, padding=2),
            nn.LeakyReLU(config.slope, inplace=True),
            nn.Dropout(config.dropout),
        ]
        channels, height, wide = outputs, -(-height // stride), -(-wide // stride)
    return Sequential(*layers, nn.Flatten(), nn.Linear(channels * height * wide, 1))
