"""RaGAN: is this item more real than the others are on average? Both players are asked.

Jolicoeur-Martineau, "The relativistic discriminator: a key element missing from standard GAN",
arXiv:1807.00734, section 4.2:

    C~(x) = C(x) - E C(G(z))      C~(G(z)) = C(G(z)) - E C(x)
    standard:       max_D  E log s(C~(x)) + E log(1 - s(C~(G(z))))
    least squares:  min_D  E (C~(x) - 1)^2 + E (C~(G(z)) + 1)^2

and the generator the same with real and generated exchanged, so that real items teach it, too.

Changed from `dcgan`: the losses, real items in the generator's turn, normal noise; points as well.

Departures: real and generated items are normalised in a batch each, as everywhere here. The means
over the others are each process's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from liangyi.core import latent
from liangyi.core.batch import detached
from liangyi.core.config import Config, Count, Positive, Share, Training
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import adversarial
from liangyi.nets import pairs
from liangyi.nets.augment import FixedAugment, augmentation
from liangyi.zoo.adversarial.gan import GAN

LOSSES = {
    "standard": adversarial.relativistic_average,
    "least-squares": adversarial.relativistic_average_squares,
}


@dataclass(frozen=True, kw_only=True)
class RaGANConfig(Config):
    """Settings of RaGAN."""

    latent: Count = 128  # length of the noise
    width: Count = 64  # channels of the largest maps; on points half of the hidden layers
    loss: Literal["standard", "least-squares"] = "standard"  # RaSGAN or RaLSGAN
    pack: Count = 1  # items that the discriminator judges together (PacGAN, arXiv:1712.04086)
    augment: FixedAugment = "none"  # how pictures are changed before they are judged, each anew
    learning_rate: Positive = 2e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("ragan")
class RaGAN(GAN):
    """RaGAN: is this item more real than the others are on average?"""

    Config = RaGANConfig
    adversary = "values"
    recipe = Training(steps=6000, batch_size=64)
    tiny: ClassVar = {"width": 8, "latent": 8}
    whole_batch = True  # each item is compared with the mean of the batch
    noise = latent.normal

    def networks(self) -> None:
        """Build convolutions for pictures, fully connected layers for points."""
        config, item = self.config, self.spec.created
        hidden = [2 * config.width] * 3
        augment = augmentation(config.augment, item, self.image_range)
        self.generator = pairs.generator(config.latent, item, config.width, hidden)
        self.discriminator = pairs.discriminator(
            item, config.width, hidden, pack=config.pack, augment=augment
        )

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """One turn of the discriminator, one of the generator, on the same comparison."""
        preferred = LOSSES[self.config.loss]
        fake = self.generated(len(batch[0]), given=batch)
        loss = preferred(self.judgement(batch), self.judgement(detached(fake)))
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = preferred(self.judgement(fake), self.judgement(batch))
        yield Update(self.generator, loss, generator=loss)
