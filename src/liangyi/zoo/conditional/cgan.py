"""CGAN: both players are told a class, so that one can ask for what shall be drawn.

Mirza and Osindero, "Conditional generative adversarial nets", arXiv:1411.1784, equation 2:

    min_G max_D  E log D(x | y) + E log(1 - D(G(z | y) | y))

Changed from `gan`: what is generated and what is judged has a class, which is joined, one-hot, to
the noise and to the flattened item. The algorithm is that of `gan`.

Departures: the networks. There noise and class have hidden layers of their own before they meet
(200 and 1,000 ReLU, then 1,200), and the discriminator is of maxout units; here they are those of
`gan` with dropout between the discriminator's layers, trained by Adam on the non-saturating loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Labelled, LabelledPoints
from liangyi.core.config import Config, Count, Positive, Share, Target, Training, Unit
from liangyi.core.model import verb
from liangyi.core.registry import register
from liangyi.core.spec import Field, Pixels
from liangyi.nets.conditioned import Conditioned
from liangyi.nets.mlp import Shaped, mlp
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class CGANConfig(Config):
    """Settings of the conditional GAN."""

    latent: Count = 100  # length of the noise
    generator_widths: tuple[Count, ...] = (1024, 1024)  # hidden layers of the generator
    discriminator_widths: tuple[Count, ...] = (512, 512)  # hidden layers of the discriminator
    slope: Unit = 0.2  # of the discriminator's LeakyReLU below zero
    dropout: Share = 0.3  # share of the discriminator's hidden values that is dropped
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    learning_rate: Positive = 2e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("cgan")
class CGAN(GAN):
    """CGAN: both players are told a class, so that one can ask for what shall be drawn."""

    Config = CGANConfig
    eats: ClassVar = (Labelled, LabelledPoints)
    data = "mnist"
    recipe = Training(steps=12_000, batch_size=128)

    def networks(self) -> None:
        """Build the networks of `gan`, with a class joined to their inputs."""
        config, classes = self.config, len(self.spec.classes)
        last = nn.Tanh() if isinstance(self.spec.created, Pixels) else None
        widths = (config.latent + classes, *config.generator_widths, self.spec.size)
        drawing = Shaped(mlp(widths, nn.ReLU(), last), self.spec.shape)
        self.generator = Conditioned(drawing, classes)
        widths = (self.spec.size + classes, *config.discriminator_widths, 1)
        judging = mlp(widths, nn.LeakyReLU(config.slope), dropout=config.dropout)
        self.discriminator = Conditioned(judging, classes)

    def generated(self, count: int, given: Any = None) -> Any:
        """Return items with the classes that were asked for: those given, or random ones."""
        classes = len(self.spec.classes)
        label = given.label if given else draw.integers(classes, count, device=self.device)
        return self.Batch(self.generate(self.noise(count), label), label)

    def judgement(self, batch: Any) -> Tensor:
        """Return the logits of items together with their classes: above zero for real."""
        logits: Tensor = self.discriminator(batch[0], batch.label)
        return logits

    @verb
    def sample(self, count: int, label: int | str | None = None) -> Annotated[Tensor, Field]:
        """Return `count` items of one class, or of all classes in turn.

        Raises:
            UserError: there is no such class.
        """
        return self.generate(self.noise(count), self.asked(count, label))

    @verb
    def interpolate(
        self, count: int, stops: int = 4, begin: int = 0, end: int | None = None,
        label: int | str | None = None,
    ) -> Annotated[Tensor, Field]:  # fmt: skip
        """Return items on a closed walk of `count` through the noise: all, or `begin` ... `end`.

        They are of one class, or of another one after each stop.

        Raises:
            UserError: there is no such class.
        """
        walk = draw.loop(self.noise(stops), count, begin, end)
        turn = torch.arange(begin, begin + len(walk), device=self.device) * stops // count
        return self.generate(walk, self.asked(stops, label)[turn])
