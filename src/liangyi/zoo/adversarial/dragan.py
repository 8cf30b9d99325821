"""DRAGAN: a discriminator whose slope is held at 1 around real items, where sharp cliffs do harm.

Kodali et al., "On convergence and stability of GANs", arXiv:1705.07215, section 2.3:

    max_D  E log D(x) + E log(1 - D(G(z))) - lambda E (||grad D(x + d)|| - 1)^2,   d ~ N(0, c I)

Changed from `gan`: the penalty, normal noise; the networks of `dcgan` for pictures, with no batch
normalisation in the discriminator, which would give one item the slope of another.

The slope is that of the logit, as in the authors' code.

Departures: the deviation of d is a setting in units of the data's, as in the authors' code, whose d
is uniform, above 0 and shortened at random.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from liangyi.core import draw, latent
from liangyi.core.batch import detached
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import adversarial, penalty
from liangyi.nets import pairs
from liangyi.nets.adversary import opened
from liangyi.nets.augment import Augment, augmentation
from liangyi.nets.mlp import size
from liangyi.zoo.adversarial.gan import GAN
from liangyi.zoo.adversarial.r3gan import variance


@dataclass(frozen=True, kw_only=True)
class DRAGANConfig(Config):
    """Settings of DRAGAN."""

    latent: Count = 128  # length of the noise
    width: Count = 64  # channels of the largest maps; on points half of the hidden layers
    penalty: NonNegative = 10.0  # weight of the gradient penalty, lambda
    around: NonNegative = 0.5  # how far from real items it looks, in the data's deviations
    pack: Count = 1  # items that the discriminator judges together (PacGAN, arXiv:1712.04086)
    augment: Augment = "none"  # how pictures are changed before they are judged, each anew
    learning_rate: Positive = 2e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("dragan")
class DRAGAN(GAN):
    """DRAGAN: a discriminator whose slope is held at 1 around real items."""

    Config = DRAGANConfig
    recipe = Training(steps=6000, batch_size=64)
    tiny: ClassVar = {"width": 8, "latent": 8}
    noise = latent.normal

    def networks(self) -> None:
        """Build convolutions for pictures, fully connected layers for points."""
        config, item = self.config, self.spec.created
        hidden = [2 * config.width] * 3
        augment = augmentation(config.augment, item, self.image_range)
        self.generator = pairs.generator(config.latent, item, config.width, hidden)
        self.discriminator = pairs.discriminator(
            item, config.width, hidden, norm=False, pack=config.pack, augment=augment
        )

    def around(self, real: Tensor) -> Tensor:
        """Return points around real items."""
        deviation = (variance(real) / size(real.shape[1:])).sqrt()
        return real + self.config.around * deviation * draw.normal(*real.shape, device=self.device)

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Algorithm 1 of the GAN, with the penalty in the discriminator's turn."""
        fake = self.generated(len(batch[0]), given=batch)
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(detached(fake)))
        judge, (near,) = opened(self.discriminator, self.around(batch[0]))
        slope = penalty.unit_slope(judge, near)
        held = self.config.penalty * slope
        yield Update(self.discriminator, loss + held, discriminator=loss, penalty=slope)
        loss = adversarial.nonsaturating(self.judgement(fake))
        yield Update(self.generator, loss, generator=loss)
