"""InfoGAN: codes that can be read off the picture again, and so come to mean something.

Chen et al., "InfoGAN: interpretable representation learning by information maximizing generative
adversarial nets", arXiv:1606.03657, equation 6:

    min_{G,Q} max_D  V(D, G) - lambda (E log Q(c | G(z, c)) + H(c))

V is the game of `gan`; the code c is a category, drawn evenly, and some numbers of U(-1, 1). The
networks and settings are those of the authors' MNIST experiment (`run_mnist_exp.py`).

Changed from `gan`: the code beside the noise; Q, a head on the discriminator's last hidden layer,
which reads it; both players raise the bound; convolutions; Adam with a rate for each player.

Departures: both turns of a step see the same noise, as in `gan`. As in the authors' code, Q and the
layers that it shares with the discriminator learn in the discriminator's turn, and Q's deviation of
the numbers is held at 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from liangyi.core import draw
from liangyi.core.batch import Images
from liangyi.core.config import (
    Config,
    Count,
    Natural,
    NonNegative,
    Positive,
    Share,
    Target,
    Training,
    Unit,
)
from liangyi.core.errors import UserError
from liangyi.core.model import Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Pixels
from liangyi.core.walk import loop, passed
from liangyi.losses import adversarial, information
from liangyi.nets import dcgan, dense
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class InfoGANConfig(Config):
    """Settings of InfoGAN."""

    latent: Count = 62  # length of the noise that means nothing
    categories: Count = 10  # values of the categorical code
    continuous: Count = 2  # codes of U(-1, 1)
    information: NonNegative = 1.0  # weight of the bound on the mutual information, lambda
    hidden: Count = 1024  # width of each player's fully connected layer
    width: Count = 64  # channels of the largest maps
    slope: Unit = 0.01  # of the discriminator's LeakyReLU below zero
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    discriminator_rate: Positive = 2e-4  # Adam's learning rate of the discriminator
    generator_rate: Positive = 1e-3  # Adam's learning rate of the generator
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


class Coded(NamedTuple):
    """Generated pictures with the codes that made them."""

    image: Annotated[Tensor, Pixels]  # [N C H W]
    category: Tensor  # [N], int64
    continuous: Tensor  # [N K], in (-1, 1)


@register("infogan")
class InfoGAN(GAN):
    """InfoGAN: codes that can be read off the picture again, and so come to mean something."""

    Config = InfoGANConfig
    eats: ClassVar = (Images,)
    image_range = (0.0, 1.0)
    data = "mnist"
    recipe = Training(steps=5000, batch_size=128)
    tiny: ClassVar = {"latent": 8, "hidden": 16, "width": 4}

    def networks(self) -> None:
        """Build the networks of the authors' MNIST experiment, at any size."""
        config, shape = self.config, self.spec.shape
        codes = config.categories + config.continuous
        self.generator = dense.generator(config.latent + codes, shape, config.hidden, config.width)
        self.discriminator = dense.TwoHeads(shape, config.hidden, config.width, codes, config.slope)
        dcgan.initialize(self)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam with the player's own rate."""
        config = self.config
        rates = {
            "discriminator": config.discriminator_rate,
            "generator": config.generator_rate,
        }
        return torch.optim.Adam(weights, lr=rates[player], betas=config.betas, fused=True)

    def drawn(self, noise: Tensor, category: Tensor, continuous: Tensor) -> Coded:
        """Return pictures of noise [N latent] and of codes [N] and [N K]; differentiable."""
        chosen = one_hot(category, self.config.categories).to(noise)
        code = torch.cat([noise, chosen, continuous], 1)
        return Coded(self.generate(code), category, continuous)

    def numbers(self, count: int) -> Tensor:
        """Return continuous codes of U(-1, 1), [count K]."""
        return draw.uniform(count, self.config.continuous, device=self.device) * 2 - 1

    def generated(self, count: int, given: Any = None) -> Coded:
        """Return pictures of random noise and codes."""
        category = draw.integers(self.config.categories, count, device=self.device)
        return self.drawn(self.noise(count), category, self.numbers(count))

    def judgement(self, batch: Any) -> Tensor:
        """Return the logits of being real; the codes are another head's word."""
        logits: Tensor = self.discriminator(batch.image)[0]
        return logits

    def known(self, read: Tensor, fake: Coded) -> Tensor:
        """Return the bound on the mutual information, nats, by what was read of pictures."""
        logits, means = read.split([self.config.categories, self.config.continuous], 1)
        return information.of_category(logits, fake.category) + information.of_uniform(
            means, fake.continuous
        )

    def updates(self, batch: Images, step: int) -> Iterator[Update]:
        """Equation 6."""
        weight, target = self.config.information, self.config.real_target
        fake = self.generated(len(batch.image))
        judged, read = self.discriminator(fake.image.detach())
        loss = adversarial.discriminator(self.judgement(batch), judged, target)
        yield Update(self.discriminator, loss - weight * self.known(read, fake), discriminator=loss)
        judged, read = self.discriminator(fake.image)
        loss, known = adversarial.nonsaturating(judged), self.known(read, fake)
        yield Update(self.generator, loss - weight * known, generator=loss, information=known)

    @verb
    def interpolate(
        self, count: int, stops: int = 4, begin: int = 0, end: int | None = None
    ) -> Annotated[Tensor, Pixels]:
        """Return pictures on a closed walk of `count` through noise and numbers, a part of it.

        After each stop they are of another category.
        """
        corners = torch.cat([self.noise(stops), self.numbers(stops)], 1)
        walk = loop(corners, count, begin, end)
        stop = passed(stops, count, begin, end, self.device)
        noise, continuous = walk.split([self.config.latent, self.config.continuous], 1)
        return self.drawn(noise, stop % self.config.categories, continuous).image

    @verb
    def traverse(
        self, which: Natural = 0, values: Count = 10, reach: float = 2.0
    ) -> Annotated[Tensor, Pixels]:
        """Return pictures in rows [R K C H W], one code changing, as in the paper's figure 2.

        Code 0 is the category: a row for each of `values` noises, the categories side by side. Code
        1, 2 ... are the numbers: a row for each category, `values` numbers from `-reach` to `reach`
        side by side, all with one noise.

        Raises:
            UserError: there is no such code.
        """
        config, device = self.config, self.device
        if not 0 <= which <= config.continuous:
            raise UserError(f"there are codes 0 ... {config.continuous}", setting="which")
        every = torch.arange(config.categories, device=device)
        rows = values if which == 0 else 1
        noise, continuous = self.noise(rows), self.numbers(rows) * 0
        if which == 0:
            noise = noise.repeat_interleave(len(every), 0)
            continuous = continuous.repeat_interleave(len(every), 0)
            image = self.drawn(noise, every.repeat(values), continuous).image
            return image.unflatten(0, (values, len(every)))
        category = every.repeat_interleave(values)
        continuous = continuous.repeat(len(category), 1)
        steps = torch.linspace(-reach, reach, values, device=device)
        continuous[:, which - 1] = steps.repeat(len(every))
        image = self.drawn(noise.expand(len(category), -1), category, continuous).image
        return image.unflatten(0, (len(every), values))

    @verb
    def encode(self, image: Tensor) -> Tensor:
        """Return what Q reads in pictures: probabilities of the categories, then the numbers."""
        read = self.discriminator(image)[1].float()
        logits, means = read.split([self.config.categories, self.config.continuous], 1)
        return torch.cat([logits.softmax(1), means], 1)

    @verb
    def cluster(self, image: Tensor) -> Tensor:
        """Return the probabilities [N categories] of the category that drew such pictures."""
        read: Tensor = self.discriminator(image)[1]
        return read[:, : self.config.categories].float().softmax(1)
