"""WGAN-GP: a critic whose slope is held at 1, so that its values measure a distance.

Gulrajani et al., "Improved training of Wasserstein GANs", arXiv:1704.00028, algorithm 1:

    min_G max_f  E f(x) - E f(G(z)) - lambda E (||grad f(x^)|| - 1)^2

with x^ drawn evenly on straight lines between real and generated items. The networks are those of
the authors' MNIST experiment, at any size.

Changed from `gan`: critic values instead of logits, five critic turns, the penalty, no batch
normalisation in the critic (section 4), Adam with rate 1e-4 and betas (0.5, 0.9); on points the
fully connected networks remain.

Departures: all critic turns of a step see the same real batch, with fresh noise each; the
generator ends in tanh, where the authors' MNIST script has a sigmoid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from liangyi.core import draw
from liangyi.core.batch import Images, Points, Spec
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training
from liangyi.core.model import Model, Update
from liangyi.core.registry import register
from liangyi.losses import adversarial, penalty
from liangyi.nets import dcgan
from liangyi.nets.mlp import Flat, Shaped, mlp
from liangyi.zoo.gan import GAN


@dataclass(frozen=True, kw_only=True)
class WGANGPConfig(Config):
    """Settings of WGAN-GP."""

    latent: Count = 128  # length of the noise
    width: Count = 64  # channels of the largest maps; on points an eighth of the hidden layers
    critic_steps: Count = 5  # critic turns before each generator turn
    penalty: NonNegative = 10.0  # weight of the gradient penalty, lambda
    learning_rate: Positive = 1e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.9)  # Adam's decay rates


@register("wgan-gp")
class WGANGP(GAN):
    """WGAN-GP: a critic whose slope is held at 1, so that its values measure a distance."""

    Config = WGANGPConfig
    recipe = Training(steps=5000, batch_size=64)
    critic: nn.Module

    def __init__(self, config: WGANGPConfig, spec: Spec) -> None:
        Model.__init__(self, config, spec)
        if len(spec.shape) == 3:
            self.generator = dcgan.generator(config.latent, spec.shape, config.width, 5, norm=False)
            self.critic = dcgan.discriminator(spec.shape, config.width, 5, norm=False)
        else:
            hidden, size = [8 * config.width] * 3, spec.shape[0]
            drawing = mlp((config.latent, *hidden, size), nn.ReLU())
            self.generator = Shaped(drawing, spec.shape)
            self.critic = Flat(mlp((size, *hidden, 1), nn.ReLU()))

    def updates(self, batch: Images | Points, step: int) -> Iterator[Update]:
        """Algorithm 1."""
        (real,) = batch
        for _ in range(self.config.critic_steps):
            fake = self.generate(self.noise(len(real))).detach()
            mix = draw.uniform(len(real), device=self.device)
            distance = adversarial.critic(self.critic(real), self.critic(fake))
            slope = penalty.gradient_penalty(self.critic, real, fake, mix)
            loss = distance + self.config.penalty * slope
            yield Update(self.critic, loss, wasserstein=-distance, penalty=slope)
        loss = -self.critic(self.generate(self.noise(len(real)))).float().mean()
        yield Update(self.generator, loss, generator=loss)
