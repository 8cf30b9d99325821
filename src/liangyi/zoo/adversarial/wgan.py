"""WGAN: a critic whose weights are clipped, so that its values measure a distance.

Arjovsky, Chintala and Bottou, "Wasserstein GAN", arXiv:1701.07875, algorithm 1:

    min_G max_f  E f(x) - E f(G(z)),   all weights of f within -c ... c

which keeps f Lipschitz with some constant K that nobody knows: the value is K times the earth
mover's distance at best.

Changed from `gan`: no sigmoid and no logarithm (critic values instead of logits), five critic
turns, clipping, RMSprop with rate 5e-5 instead of Adam; the networks of `dcgan` for pictures.

Departures: all critic turns of a step see the same real batch, with fresh noise each; no hundred
critic turns in the first 25 steps and every 500th one, as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from liangyi.core.batch import detached
from liangyi.core.config import Config, Count, Positive, Training
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import adversarial
from liangyi.nets import pairs
from liangyi.nets.augment import FixedAugment, augmentation
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class WGANConfig(Config):
    """Settings of WGAN."""

    latent: Count = 100  # length of the noise
    width: Count = 64  # channels of the largest maps; on points an eighth of the hidden layers
    critic_steps: Count = 5  # critic turns before each generator turn
    clip: Positive = 0.01  # c: the critic's weights stay within -c ... c
    pack: Count = 1  # items that the critic judges together (PacGAN, arXiv:1712.04086)
    augment: FixedAugment = "none"  # how pictures are changed before they are judged, each anew
    learning_rate: Positive = 5e-5  # of both players


@register("wgan")
class WGAN(GAN):
    """WGAN: a critic whose weights are clipped, so that its values measure a distance."""

    Config = WGANConfig
    adversary = "values"
    recipe = Training(steps=5000, batch_size=64)
    tiny: ClassVar = {"width": 4, "latent": 8, "critic_steps": 2}
    critic: nn.Module

    def networks(self) -> None:
        """Build the networks of DCGAN for pictures, fully connected ones for points."""
        config, item = self.config, self.spec.created
        hidden = [8 * config.width] * 3
        augment = augmentation(config.augment, item, self.image_range)
        self.generator = pairs.generator(config.latent, item, config.width, hidden)
        self.critic = pairs.discriminator(
            item, config.width, hidden, activation=nn.ReLU(), pack=config.pack, augment=augment
        )

    def judgement(self, batch: Any) -> Tensor:
        """Return the critic's values."""
        values: Tensor = self.critic(batch[0])
        return values

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return RMSprop: momentum made the critic unstable, says section 4."""
        return torch.optim.RMSprop(weights, lr=self.config.learning_rate)

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Algorithm 1."""
        for _ in range(self.config.critic_steps):
            fake = detached(self.generated(len(batch[0]), given=batch))
            loss = adversarial.critic(self.judgement(batch), self.judgement(fake))
            yield Update(self.critic, loss, wasserstein=-loss)
            clip(self.critic, self.config.clip)
        loss = adversarial.linear(self.judgement(self.generated(len(batch[0]), given=batch)))
        yield Update(self.generator, loss, generator=loss)


@torch.no_grad()
def clip(network: nn.Module, most: float) -> None:
    """Put the weights that are beyond -most ... most on that border."""
    for weight in network.parameters():
        weight.clamp_(-most, most)
