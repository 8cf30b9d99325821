"""WGAN-GP: a critic whose slope is held at 1, so that its values measure a distance.

Gulrajani et al., "Improved training of Wasserstein GANs", arXiv:1704.00028, algorithm 1:

    min_G max_f  E f(x) - E f(G(z)) - lambda E (||grad f(x^)|| - 1)^2

with x^ drawn evenly on straight lines between real and generated items. The networks are those of
the authors' MNIST experiment, at any size.

Changed from `wgan`: the penalty instead of clipping, no batch normalisation in the critic (section
4), Adam with rate 1e-4 and betas (0.5, 0.9) instead of RMSprop.

Departures: all critic turns of a step see the same real batch, with fresh noise each; the
generator ends in tanh, where the authors' MNIST script has a sigmoid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn

from liangyi.core import draw
from liangyi.core.batch import detached
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training
from liangyi.core.model import Model, Update
from liangyi.core.registry import register
from liangyi.losses import adversarial, penalty
from liangyi.nets import pairs
from liangyi.nets.adversary import opened
from liangyi.nets.augment import FixedAugment, augmentation
from liangyi.zoo.adversarial.wgan import WGAN


@dataclass(frozen=True, kw_only=True)
class WGANGPConfig(Config):
    """Settings of WGAN-GP."""

    latent: Count = 128  # length of the noise
    width: Count = 64  # channels of the largest maps; on points an eighth of the hidden layers
    critic_steps: Count = 5  # critic turns before each generator turn
    penalty: NonNegative = 10.0  # weight of the gradient penalty, lambda
    augment: FixedAugment = "none"  # how pictures are changed before they are judged, each anew
    pack: Count = 1  # items that the critic judges together (PacGAN, arXiv:1712.04086)
    learning_rate: Positive = 1e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.9)  # Adam's decay rates


@register("wgan-gp")
class WGANGP(WGAN):
    """WGAN-GP: a critic whose slope is held at 1, so that its values measure a distance."""

    Config = WGANGPConfig
    recipe = Training(steps=5000, batch_size=64)
    tiny: ClassVar = {"width": 4, "latent": 8, "critic_steps": 2}

    def networks(self) -> None:
        """Build the authors' MNIST networks at any size; fully connected ones for points."""
        config, item = self.config, self.spec.created
        hidden = [8 * config.width] * 3
        self.generator = pairs.generator(config.latent, item, config.width, hidden, 5, norm=False)
        augment = augmentation(config.augment, item, self.image_range)
        self.critic = pairs.discriminator(
            item, config.width, hidden, 5, False, nn.ReLU(), pack=config.pack, augment=augment
        )

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam."""
        return Model.optimizer(self, player, weights)

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Algorithm 1."""
        real = batch[0]
        for _ in range(self.config.critic_steps):
            fake = detached(self.generated(len(real), given=batch))
            distance = adversarial.critic(self.judgement(batch), self.judgement(fake))
            critic, (true, false) = opened(self.critic, real, fake[0])
            mix = draw.uniform(len(true), device=self.device)
            slope = penalty.gradient_penalty(critic, true, false, mix)
            loss = distance + self.config.penalty * slope
            yield Update(self.critic, loss, wasserstein=-distance, penalty=slope)
        loss = adversarial.linear(self.judgement(self.generated(len(real), given=batch)))
        yield Update(self.generator, loss, generator=loss)
