"""DCGAN for beginners: a small discriminator with average pooling against four deconvolutions.

The article "Generative adversarial networks for beginners" (O'Reilly, 2017) and its notebook.
Objective: that of `gan`, arXiv:1406.2661, algorithm 1.

Changed from `gan`: the networks, for pictures of 28 x 28 alone; 16 pictures a step.

Departures: real pictures are in (-1, 1) as the generated ones are; there they stayed in [0, 1], so
that the black of the background alone told the two apart. Samples are drawn with the statistics of
the training, there with those of their own batch. The noise passes a ReLU first, as in the
original, which throws half of it away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, Positive, Share, Target, Training
from liangyi.core.errors import UserError
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.weights import truncated
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class DCGANBeginnersConfig(Config):
    """Settings of the DCGAN for beginners."""

    channels: Count = 25  # of the 2 x 2 maps that the noise is laid out in
    width: Count = 64  # channels of the generator's largest maps; doubled twice before
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    learning_rate: Positive = 1e-3  # of both players
    betas: tuple[Share, Share] = (0.9, 0.999)  # Adam's decay rates

    @property
    def latent(self) -> int:
        """Length of the noise."""
        return 4 * self.channels


@register("dcgan-beginners")
class DCGANBeginners(GAN):
    """DCGAN for beginners: average pooling against four deconvolutions."""

    Config = DCGANBeginnersConfig
    eats: ClassVar = (Images,)
    data = "mnist"
    recipe = Training(steps=3000, batch_size=16)
    tiny: ClassVar = {"channels": 2, "width": 2}
    tiny_data: ClassVar = {"data": "digits", "size": 28}

    def networks(self) -> None:
        """Build the networks of the article.

        Raises:
            UserError: the pictures are of another size.
        """
        (channels, *sides), width = self.spec.shape, self.config.width
        if sides != [28, 28]:
            raise UserError(f"{self.name()} draws 28 x 28 alone; try a size of 28", setting="size")
        self.generator = Sequential(
            nn.Unflatten(1, (self.config.channels, 2, 2)),
            nn.ReLU(),
            *grown(self.config.channels, 4 * width, 0),
            *grown(4 * width, 2 * width, 1),
            *grown(2 * width, width, 1),
            nn.ConvTranspose2d(width, channels, 5, 2, output_padding=1),
            nn.Tanh(),
        )
        self.discriminator = Sequential(
            nn.Conv2d(channels, 8, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.AvgPool2d(2),
            nn.Conv2d(8, 16, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * 7 * 7, 32),
            nn.ReLU(inplace=True),
            nn.Linear(32, 1),
        )
        truncated(self.generator, 0.1, bias=0.1)
        truncated(self.discriminator, 0.02)


def grown(inputs: int, outputs: int, extra: int) -> list[nn.Module]:
    """Return layers that double a map's sides, less one pixel where there is no extra one."""
    return [
        nn.ConvTranspose2d(inputs, outputs, 5, 2, padding=2, output_padding=extra),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]
