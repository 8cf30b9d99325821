"""WGAN-GP: a critic whose slope is held at 1, so that its values measure a distance.

Gulrajani et al., "Improved training of Wasserstein GANs", arXiv:1704.00028, algorithm 1:

    min_G max_f  E f(x) - E f(G(z)) - lambda E (||grad f(x^)|| - 1)^2

with x^ drawn evenly on straight lines between real and generated items. The networks are those of
the authors' MNIST experiment, at any size.

Changed from `gan`: critic values instead of logits, five critic turns, the penalty, no batch
normalisation in the critic (section 4), Adam with rate 1e-4 and betas (0.5, 0.9); on points the
fully connected networks remain.

Departures: all critic turns of a step see the same real batch, with fresh noise each; the
generator ends in tanh, where the authors' MNIST script has a sigmoid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import detached
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import adversarial, penalty
from liangyi.nets import pairs
from liangyi.nets.adversary import adversary
from liangyi.nets.augment import FixedAugment, augmentation
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class WGANGPConfig(Config):
    """Settings of WGAN-GP."""

    latent: Count = 128  # length of the noise
    width: Count = 64  # channels of the largest maps; on points an eighth of the hidden layers
    critic_steps: Count = 5  # critic turns before each generator turn
    penalty: NonNegative = 10.0  # weight of the gradient penalty, lambda
    augment: FixedAugment = "none"  # how pictures are changed before they are judged, each anew
    learning_rate: Positive = 1e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.9)  # Adam's decay rates


@register("wgan-gp")
class WGANGP(GAN):
    """WGAN-GP: a critic whose slope is held at 1, so that its values measure a distance."""

    Config = WGANGPConfig
    adversary = "values"
    recipe = Training(steps=5000, batch_size=64)
    tiny: ClassVar = {"width": 4, "latent": 8, "critic_steps": 2}
    critic: nn.Module

    def networks(self) -> None:
        """Build the authors' MNIST networks at any size; fully connected ones for points."""
        config, item = self.config, self.spec.created
        hidden = [8 * config.width] * 3
        self.generator = pairs.generator(config.latent, item, config.width, hidden, 5, norm=False)
        critic = pairs.discriminator(item, config.width, hidden, 5, False, nn.ReLU())
        augment = augmentation(config.augment, item, self.image_range)
        self.critic = adversary(lambda shape: critic, item.shape, augment=augment)

    def judgement(self, batch: Any) -> Tensor:
        """Return the critic's values."""
        values: Tensor = self.critic(batch[0])
        return values

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Algorithm 1."""
        (real,) = batch
        for _ in range(self.config.critic_steps):
            fake = detached(self.generated(len(real), given=batch))
            mix = draw.uniform(len(real), device=self.device)
            distance = adversarial.critic(self.judgement(batch), self.judgement(fake))
            slope = penalty.gradient_penalty(self.critic, real, fake[0], mix)
            loss = distance + self.config.penalty * slope
            yield Update(self.critic, loss, wasserstein=-distance, penalty=slope)
        loss = -self.judgement(self.generated(len(real), given=batch)).float().mean()
        yield Update(self.generator, loss, generator=loss)
