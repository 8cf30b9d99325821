"""Projection GAN: a DCGAN that is told the class; the discriminator compares it with what it sees.

Miyato and Koyama, "cGANs with projection discriminator", arXiv:1802.05637, equation 4: with
features phi of a picture and a vector v of each class, the discriminator's logit is

    f(x, y) = v_y . phi(x) + psi(phi(x))

where psi, one linear layer here, asks whether the picture is real, and the product whether it is a
real one of its class. The objective is that of the GAN (arXiv:1406.2661, algorithm 1), with each
picture beside its class.

Changed from `cgan`: the networks, those of `dcgan` at half of its width, whose maps may become 3
pixels small, so that 28 are halved three times; the projection; the learning rate falls to zero in
the second half of the training.

Departures: networks of `dcgan` instead of residual ones with class-wise batch normalisation; the
generator reads the class, one-hot, beside the noise; the non-saturating loss instead of the hinge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from liangyi.core.batch import Labelled
from liangyi.core.config import Config, Count, Natural, Positive, Share, Target, Training, Unit
from liangyi.core.registry import register
from liangyi.core.schedules import second_half
from liangyi.nets import dcgan
from liangyi.nets.fast.sequential import Sequential
from liangyi.zoo.conditional.cgan import CGAN

SMALLEST = 3  # pixels of a side


@dataclass(frozen=True, kw_only=True)
class ProjectionGANConfig(Config):
    """Settings of the projection GAN."""

    latent: Count = 100  # length of the noise
    width: Count = 32  # channels of the largest maps; they double at each halving
    slope: Unit = 0.2  # of the discriminator's LeakyReLU below zero
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    learning_rate: Positive = 5e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates
    decay_steps: Natural = 0  # the rate falls over the second half of so many; 0: of all steps


@register("projection-gan")
class ProjectionGAN(CGAN):
    """Projection GAN: a DCGAN that is told the class."""

    Config = ProjectionGANConfig
    eats = (Labelled,)
    recipe = Training(steps=8000, batch_size=64)
    tiny: ClassVar = {"width": 8, "latent": 8}

    def networks(self) -> None:
        """Build the networks of `dcgan` around the classes."""
        config, shape, classes = self.config, self.spec.shape, len(self.spec.classes)
        code = config.latent + classes
        self.generator = dcgan.generator(code, shape, config.width, smallest=SMALLEST)
        seen = dcgan.discriminator(shape, config.width, slope=config.slope, smallest=SMALLEST)
        self.discriminator = Projection(seen, classes)
        dcgan.initialize(self)

    @classmethod
    def fitted(cls, config: ProjectionGANConfig, steps: int) -> ProjectionGANConfig:
        """Let a learning rate that falls by a number of its own reach zero at the end."""
        return replace(config, decay_steps=steps) if config.decay_steps else config

    def schedule(self, player: str, step: int) -> float:
        """Let the learning rate fall to zero in the second half."""
        return second_half(step, self.config.decay_steps or self.planned)

    def generate(self, noise: Tensor, *given: Tensor) -> Tensor:
        """Return pictures for noise [N latent] beside classes [N], one-hot; differentiable."""
        (label,) = given
        chosen = one_hot(label, len(self.spec.classes)).to(noise)
        return super().generate(torch.cat([noise, chosen], 1))


class Projection(nn.Module):
    """Pictures [N C H W] and classes [N] -> logits [N].

    Args:
        network: pictures -> logits, ending in a linear layer, which becomes psi.
        classes: how many.
    """

    def __init__(self, network: Sequential, classes: int) -> None:
        super().__init__()
        last = network[-1]
        assert isinstance(last, nn.Linear)
        self.features = network[:-1]
        self.real = nn.Linear(last.in_features, 1)
        # at first no class is known from another
        self.named = nn.Embedding(classes, last.in_features)
        nn.init.zeros_(self.named.weight)

    def forward(self, image: Tensor, label: Tensor) -> Tensor:
        """Ask whether the pictures are real, and real ones of their classes."""
        features = self.features(image)
        logits: Tensor = self.real(features).squeeze(1) + (self.named(label) * features).sum(1)
        return logits
