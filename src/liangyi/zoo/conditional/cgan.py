"""CGAN: both players are told a class, so that one can ask for what shall be drawn.

Mirza and Osindero, "Conditional generative adversarial nets", arXiv:1411.1784, equation 2:

    min_G max_D  E log D(x | y) + E log(1 - D(G(z | y) | y))

Changed from `gan`: what is generated and what is judged has a class; the paper's networks, in which
noise (or item) and class have first layers of their own before they meet, with maxout units in the
discriminator. The algorithm is that of `gan`.

Departures: Adam on the non-saturating loss, where the paper has plain gradient descent with a rate
that falls; dropout in the discriminator alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Labelled, LabelledPoints
from liangyi.core.config import Config, Count, Positive, Share, Target, Training
from liangyi.core.model import verb
from liangyi.core.registry import register
from liangyi.core.spec import Field, Pixels
from liangyi.core.walk import loop, passed
from liangyi.nets.conditioned import Conditioned
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.maxout import Maxout
from liangyi.nets.mlp import Shaped
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class CGANConfig(Config):
    """Settings of the conditional GAN."""

    latent: Count = 100  # length of the noise
    noise_width: Count = 200  # of the generator's first layer of the noise
    label_width: Count = 1000  # of its first layer of the class
    hidden: Count = 1200  # of its layer of both
    units: Count = 240  # maxout units of the discriminator's layers of the item, and of both
    label_units: Count = 50  # of its layer of the class
    pieces: Count = 5  # linear functions that a unit of the first layers is the largest of
    joined_pieces: Count = 4  # of a unit of the layer of both
    dropout: Share = 0.5  # share of the discriminator's hidden values that is dropped
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    learning_rate: Positive = 5e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("cgan")
class CGAN(GAN):
    """CGAN: both players are told a class, so that one can ask for what shall be drawn."""

    Config = CGANConfig
    eats: ClassVar = (Labelled, LabelledPoints)
    data = "mnist"
    recipe = Training(steps=12_000, batch_size=128)
    tiny: ClassVar = {
        "latent": 8, "noise_width": 16, "label_width": 16, "hidden": 32, "units": 8,
        "label_units": 4, "pieces": 2, "joined_pieces": 2,
    }  # fmt: skip

    def networks(self) -> None:
        """Build the networks of the paper."""
        config, spec, classes = self.config, self.spec, len(self.spec.classes)
        last = [nn.Tanh()] if isinstance(spec.created, Pixels) else []
        drawing = Sequential(
            nn.Linear(config.noise_width + config.label_width, config.hidden),
            nn.ReLU(inplace=True),
            nn.Linear(config.hidden, spec.size),
            *last,
        )
        self.generator = Conditioned(
            Sequential(nn.Linear(config.latent, config.noise_width), nn.ReLU(inplace=True)),
            Sequential(nn.Linear(classes, config.label_width), nn.ReLU(inplace=True)),
            Shaped(drawing, spec.shape),
            classes,
        )
        joined = config.units + config.label_units
        self.discriminator = Conditioned(
            Maxout(spec.size, config.units, config.pieces),
            Maxout(classes, config.label_units, config.pieces),
            Sequential(
                nn.Dropout(config.dropout),
                Maxout(joined, config.units, config.joined_pieces),
                nn.Dropout(config.dropout),
                nn.Linear(config.units, 1),
            ),
            classes,
        )

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
        walk = loop(self.noise(stops), count, begin, end)
        stop = passed(stops, count, begin, end, self.device)
        return self.generate(walk, self.asked(stops, label)[stop])
