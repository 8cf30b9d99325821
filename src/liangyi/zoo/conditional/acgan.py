"""AC-GAN: the discriminator also names the class, so the generator draws what is asked for.

Odena, Olah and Shlens, "Conditional image synthesis with auxiliary classifier GANs",
arXiv:1610.09585, equations 2 and 3:

    L_S = E log P(real | x) + E log P(fake | G(z, c))
    L_C = E log P(c | x) + E log P(c | G(z, c))

The discriminator raises L_S + L_C, the generator L_C - L_S. Networks and settings are those of the
Keras example `mnist_acgan.py` of January 2018, the first that trains reliably. Its discriminator's
losses are means over all pictures, ours the sums of the equations: twice as large.

Changed from `gan`: the noise is multiplied by an embedding of the class; a second head names the
class; transposed convolutions; Adam with rate 2e-4.

Departures from the equations, all as in that revision: the discriminator's L_C is of real pictures
only, and counts four times (their sample weights of 2, beside 0 for fakes, are divided by the half
that is not 0, while L_S is halved); the target for real pictures is 0.95, and the generator wants
no more said of its own. (With hard labels, and the class learned from fakes too, it collapsed:
`acgan-early`.) Real and generated pictures pass through the discriminator together.
Departure from that revision: the discriminator's fakes are drawn with their batch's statistics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from liangyi.core import draw, latent
from liangyi.core.batch import Labelled
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Target, Training, Unit
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Pixels, Spec
from liangyi.core.walk import loop, passed
from liangyi.losses import adversarial
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.upconv import quartered
from liangyi.nets.weights import glorot


@dataclass(frozen=True, kw_only=True)
class ACGANConfig(Config):
    """Settings of AC-GAN."""

    latent: Count = 100  # length of the noise
    depth: Count = 384  # channels of the generator's first map; halved twice
    width: Count = 32  # channels of the discriminator's first map; doubled at each convolution
    dropout: Share = 0.3  # in the discriminator
    slope: Unit = 0.2  # of the discriminator's LeakyReLU below zero
    real_target: Target = 0.95  # what to say of real pictures, and what the generator is after
    aux_weight: NonNegative = 4.0  # of the discriminator's class loss, beside real or fake
    learning_rate: Positive = 2e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("acgan")
class ACGAN(Model):
    """AC-GAN: the discriminator also names the class, so the generator draws what is asked for."""

    Config = ACGANConfig
    eats = (Labelled,)
    data = "mnist"
    adversary = "logits"
    recipe = Training(steps=9000, batch_size=100)
    tiny: ClassVar = {"width": 4, "depth": 8, "latent": 8}
    tiny_data: ClassVar = {"data": "digits", "size": 20}
    noise = latent.uniform

    def networks(self) -> None:
        """Build the networks of the Keras example."""
        classes = len(self.spec.classes)
        self.generator = Generator(self.drawing(), classes, self.config.latent)
        self.discriminator = Discriminator(self.config, self.spec)
        glorot(self)

    def drawing(self) -> Sequential:
        """Return the layers from a code [N latent] to a picture."""
        depth, shape = self.config.depth, self.spec.shape
        height, width = (side - 4 for side in quartered(shape, smallest=5))  # 5 x 5 adds 4 again
        return Sequential(
            nn.Linear(self.config.latent, depth * height * width),
            nn.ReLU(inplace=True),
            nn.Unflatten(1, (depth, height, width)),
            nn.ConvTranspose2d(depth, depth // 2, 5),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(depth // 2, eps=1e-3, momentum=0.01),
            nn.ConvTranspose2d(depth // 2, depth // 4, 5, 2, padding=2, output_padding=1),
            nn.ReLU(inplace=True),
            nn.BatchNorm2d(depth // 4, eps=1e-3, momentum=0.01),
            nn.ConvTranspose2d(depth // 4, shape[0], 5, 2, padding=2, output_padding=1),
            nn.Tanh(),
        )

    def generate(self, noise: Tensor, label: Tensor) -> Tensor:
        """Return pictures of the classes [N] for noise [N latent]; differentiable."""
        pictures: Tensor = self.generator(noise, label)
        return pictures

    def generated(self, count: int, given: Any = None) -> Labelled:
        """Return pictures with the classes that were asked for: those given, or random ones."""
        classes = len(self.spec.classes)
        label = given.label if given else draw.integers(classes, count, device=self.device)
        return Labelled(self.generate(self.noise(count), label), label)

    def judgement(self, batch: Labelled) -> Tensor:
        """Return the logits of being real; the class is another head's word."""
        logits: Tensor = self.discriminator(batch.image)[0]
        return logits

    def updates(self, batch: Labelled, step: int) -> Iterator[Update]:
        """Equations 2 and 3."""
        count, target = len(batch.image), self.config.real_target
        asked = draw.integers(len(self.spec.classes), count, device=self.device)
        fake = self.generate(self.noise(count), asked).detach()
        source, named = self.discriminator(torch.cat([batch.image, fake]))
        real_or_fake = adversarial.discriminator(source[:count], source[count:], target)
        right = self.class_loss(named, batch.label, asked)
        loss = real_or_fake + self.config.aux_weight * right
        yield Update(self.discriminator, loss, discriminator=real_or_fake, class_loss=right)

        # twice as many, since the discriminator has just seen two batches
        asked = draw.integers(len(self.spec.classes), 2 * count, device=self.device)
        source, named = self.discriminator(self.generate(self.noise(2 * count), asked))
        fooled = adversarial.nonsaturating(source, target)
        drawn = cross_entropy(named.float(), asked)
        yield Update(self.generator, fooled + drawn, generator=fooled, generated_class_loss=drawn)

    def class_loss(self, named: Tensor, label: Tensor, asked: Tensor) -> Tensor:
        """What the discriminator's class head learns: to name real pictures."""
        return cross_entropy(named[: len(label)].float(), label)

    @verb
    def sample(self, count: int, label: int | str | None = None) -> Annotated[Tensor, Pixels]:
        """Return `count` pictures of one class, or of all classes in turn.

        Raises:
            UserError: there is no such class.
        """
        return self.generate(self.noise(count), self.asked(count, label))

    @verb
    def interpolate(
        self, count: int, stops: int = 4, label: int | str | None = None, begin: int = 0,
        end: int | None = None,
    ) -> Annotated[Tensor, Pixels]:  # fmt: skip
        """Return pictures on a closed walk of `count` through the noise: all, or `begin` ... `end`.

        They show one class, or another one after each stop.

        Raises:
            UserError: there is no such class.
        """
        walk = loop(self.noise(stops), count, begin, end)
        stop = passed(stops, count, begin, end, self.device)
        return self.generate(walk, self.asked(stops, label)[stop])


class Generator(nn.Module):
    """Noise [N latent] and classes [N] -> pictures: the class's vector scales the noise."""

    def __init__(self, drawing: nn.Module, classes: int, latent: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, latent)
        nn.init.xavier_normal_(self.embedding.weight)
        self.drawing = drawing

    def forward(self, noise: Tensor, label: Tensor) -> Tensor:
        """Return pictures [N C H W] in (-1, 1)."""
        pictures: Tensor = self.drawing(noise * self.embedding(label))
        return pictures


class Discriminator(nn.Module):
    """Pictures -> logits [N] of being real, and logits [N classes] of the class."""

    def __init__(self, config: ACGANConfig, spec: Spec) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels, (height, wide) = spec.shape[0], spec.shape[1:]
        for level, stride in enumerate((2, 1, 2, 1)):
            outputs = config.width * 2**level
            layers += [nn.Conv2d(channels, outputs, 3, stride, padding=1),
                       nn.LeakyReLU(config.slope, True), nn.Dropout(config.dropout)]  # fmt: skip
            channels, height, wide = outputs, -(-height // stride), -(-wide // stride)
        self.features = Sequential(*layers, nn.Flatten())
        self.source = nn.Linear(channels * height * wide, 1)
        self.named = nn.Linear(channels * height * wide, len(spec.classes))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return both for pictures [N C H W]."""
        features = self.features(image)
        return self.source(features).squeeze(1), self.named(features)
