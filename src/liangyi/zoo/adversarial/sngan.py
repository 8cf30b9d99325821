"""SNGAN: a discriminator none of whose layers can stretch, and a hinge that ends the quarrel.

Miyato et al., "Spectral normalization for generative adversarial networks", arXiv:1802.05957,
algorithm 1, with the hinge losses of equations 16 and 17:

    max_D  E min(0, D(x) - 1) + E min(0, -D(G(z)) - 1)        max_G  E D(G(z))

each weight of D divided by its largest singular value.

Changed from `gan`: spectral normalisation, the losses, normal noise, Adam with rate 2e-4; the
networks of `dcgan` for pictures, with no other normalisation in the discriminator.

Departures: the networks (the paper's have more layers); one discriminator turn a step, which is
one of the paper's six settings; more of them see the same real batch, with fresh noise each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from liangyi.core import latent
from liangyi.core.batch import detached
from liangyi.core.config import Config, Count, Positive, Share, Training
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import adversarial
from liangyi.nets import pairs
from liangyi.nets.augment import FixedAugment, augmentation
from liangyi.nets.spectral import spectral
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class SNGANConfig(Config):
    """Settings of SNGAN."""

    latent: Count = 128  # length of the noise
    width: Count = 64  # channels of the largest maps; on points half of the hidden layers
    discriminator_steps: Count = 1  # discriminator turns before each generator turn
    pack: Count = 1  # items that the discriminator judges together (PacGAN, arXiv:1712.04086)
    augment: FixedAugment = "none"  # how pictures are changed before they are judged, each anew
    learning_rate: Positive = 2e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("sngan")
class SNGAN(GAN):
    """SNGAN: a discriminator none of whose layers can stretch."""

    Config = SNGANConfig
    adversary = "values"
    recipe = Training(steps=6000, batch_size=64)
    tiny: ClassVar = {"width": 8, "latent": 8}
    noise = latent.normal

    def networks(self) -> None:
        """Build convolutions for pictures, fully connected layers for points."""
        config, item = self.config, self.spec.created
        hidden = [2 * config.width] * 3
        augment = augmentation(config.augment, item, self.image_range)
        self.generator = pairs.generator(config.latent, item, config.width, hidden)
        self.discriminator = spectral(
            pairs.discriminator(
                item, config.width, hidden, norm=False, pack=config.pack, augment=augment
            )
        )

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Algorithm 1; the weights are normalised wherever the discriminator is applied."""
        for _ in range(self.config.discriminator_steps):
            fake = detached(self.generated(len(batch[0]), given=batch))
            loss = adversarial.hinge(self.judgement(batch), self.judgement(fake))
            yield Update(self.discriminator, loss, discriminator=loss)
        loss = adversarial.linear(self.judgement(self.generated(len(batch[0]), given=batch)))
        yield Update(self.generator, loss, generator=loss)
