"""GAN: two fully connected networks, one creates, one judges.

Goodfellow et al., "Generative Adversarial Networks", arXiv:1406.2661, algorithm 1:

    min_G max_D  E log D(x) + E log(1 - D(G(z)))

with the generator's non-saturating loss, -E log D(G(z)), that section 3 of the paper recommends.
Networks and settings are those of the widespread teaching notebook for MNIST (96 uniform noises,
1024-1024 ReLU against 256-256 LeakyReLU, Adam 3e-4).

Departures: one noise batch serves both players' turns, as in that notebook; the data is shuffled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from torch import Tensor, nn

from liangyi.core import latent
from liangyi.core.batch import Images, Points, detached
from liangyi.core.config import Config, Count, Positive, Share, Target, Training, Unit
from liangyi.core.model import Model, Turn, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Field, Pixels
from liangyi.core.walk import loop
from liangyi.losses import adversarial
from liangyi.nets.adversary import adversary
from liangyi.nets.augment import Augment, augmentation
from liangyi.nets.mlp import Flat, Shaped, mlp, size


@dataclass(frozen=True, kw_only=True)
class GANConfig(Config):
    """Settings of the GAN."""

    latent: Count = 96  # length of the noise
    generator_widths: tuple[Count, ...] = (1024, 1024)  # hidden layers of the generator
    discriminator_widths: tuple[Count, ...] = (256, 256)  # hidden layers of the discriminator
    slope: Unit = 0.2  # of the discriminator's LeakyReLU below zero
    dropout: Share = 0.0  # share of the generator's hidden values that is dropped
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    pack: Count = 1  # items that the discriminator judges together (PacGAN, arXiv:1712.04086)
    augment: Augment = "none"  # how pictures are changed before they are judged, each anew
    learning_rate: Positive = 3e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("gan")
class GAN(Model):
    """GAN: two fully connected networks, one creates, one judges."""

    Config = GANConfig
    eats: ClassVar = (Images, Points)
    adversary = "logits"
    recipe = Training(steps=6000, batch_size=128)
    tiny: ClassVar = {"generator_widths": (32,), "discriminator_widths": (32,), "latent": 8}
    noise = latent.uniform

    generator: nn.Module
    discriminator: nn.Module

    def networks(self) -> None:
        """Build two fully connected networks; pictures end in tanh."""
        config, shape = self.config, self.spec.shape
        last = nn.Tanh() if isinstance(self.spec.created, Pixels) else None
        widths = (config.latent, *config.generator_widths, size(shape))
        self.generator = Shaped(mlp(widths, nn.ReLU(), last, config.dropout), shape)
        item, scale = self.spec.created, self.image_range
        augment = augmentation(config.augment, item, scale, self.adversary)
        self.discriminator = adversary(self.discriminator_of, shape, config.pack, augment)

    def discriminator_of(self, shape: tuple[int, ...]) -> nn.Module:
        """Return the discriminator of items of a shape: -> logits [N 1]."""
        widths = (size(shape), *self.config.discriminator_widths, 1)
        return Flat(mlp(widths, nn.LeakyReLU(self.config.slope)))

    def generate(self, noise: Tensor, *given: Tensor) -> Tensor:
        """Return items for noise [N latent], and for what else is asked for; differentiable."""
        items: Tensor = self.generator(noise, *given)
        return items

    def generated(self, count: int, given: Any = None) -> Any:
        """Return items drawn from noise."""
        return self.Batch(self.generate(self.noise(count)))

    def judgement(self, batch: Any) -> Tensor:
        """Return the logits of items: above zero for real."""
        logits: Tensor = self.discriminator(batch[0])
        return logits

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Algorithm 1, with one discriminator turn for each generator turn."""
        fake = self.generated(len(batch[0]), given=batch)
        loss = adversarial.discriminator(
            self.judgement(batch), self.judgement(detached(fake)), self.config.real_target
        )
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = adversarial.nonsaturating(self.judgement(fake))
        yield Update(self.generator, loss, generator=loss)

    @verb
    def sample(self, count: int) -> Annotated[Tensor, Field]:
        """Return `count` generated items."""
        items: Tensor = getattr(self.generated(count), self.spec.item)
        return items

    @verb
    def interpolate(
        self, count: int, stops: int = 4, begin: int = 0, end: int | None = None
    ) -> Annotated[Tensor, Field]:
        """Return items on a closed walk of `count` through the noise: all, or `begin` ... `end`."""
        return self.generate(loop(self.noise(stops), count, begin, end))
