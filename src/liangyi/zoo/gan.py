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
from typing import ClassVar

from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Images, Points, Spec
from liangyi.core.config import Config, Count, Positive, Share, Target, Training, Unit
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.losses import adversarial
from liangyi.nets.mlp import Flat, Shaped, mlp, size
from liangyi.nets.packed import packed, shape_of


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
    learning_rate: Positive = 3e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("gan")
class GAN(Model):
    """GAN: two fully connected networks, one creates, one judges."""

    Config = GANConfig
    eats: ClassVar = (Images, Points)
    recipe = Training(steps=6000, batch_size=128)

    generator: nn.Module
    discriminator: nn.Module

    def __init__(self, config: GANConfig, spec: Spec) -> None:
        super().__init__(config, spec)
        picture = len(spec.shape) == 3
        self.generator = Shaped(
            mlp(
                (config.latent, *config.generator_widths, size(spec.shape)),
                nn.ReLU(),
                last=nn.Tanh() if picture else None,
                dropout=config.dropout,
            ),
            spec.shape,
        )
        judged = size(shape_of(spec.shape, config.pack))
        judge = Flat(mlp((judged, *config.discriminator_widths, 1), nn.LeakyReLU(config.slope)))
        self.discriminator = packed(judge, config.pack)

    def noise(self, count: int) -> Tensor:
        """Return noise of U(-1, 1), [count latent]."""
        return draw.uniform(count, self.config.latent, device=self.device) * 2 - 1

    def generate(self, noise: Tensor) -> Tensor:
        """Return items for noise [N latent]; differentiable."""
        items: Tensor = self.generator(noise)
        return items

    def updates(self, batch: Images | Points, step: int) -> Iterator[Update]:
        """Algorithm 1, with one discriminator turn for each generator turn."""
        (real,) = batch
        fake = self.generate(self.noise(len(real)))
        loss = adversarial.discriminator(
            self.discriminator(real), self.discriminator(fake.detach()), self.config.real_target
        )
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = adversarial.nonsaturating(self.discriminator(fake))
        yield Update(self.generator, loss, generator=loss)

    @verb
    def sample(self, count: int) -> Tensor:
        """Return `count` generated items."""
        return self.generate(self.noise(count))

    @verb
    def interpolate(
        self, count: int, stops: int = 4, begin: int = 0, end: int | None = None
    ) -> Tensor:
        """Return items on a closed walk of `count` through the noise: all, or `begin` ... `end`."""
        return self.generate(draw.loop(self.noise(stops), count, begin, end))
