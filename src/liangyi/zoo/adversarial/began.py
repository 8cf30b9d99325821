"""BEGAN: two autoencoding errors, real and generated, held in a balance that one chooses.

Berthelot, Schumm and Metz, "BEGAN: Boundary equilibrium generative adversarial networks",
arXiv:1703.10717, section 3.4, with L(x) = E |x - D(x)|:

    min_D  E L(x) - k_t E L(G(z))      min_G  E L(G(z))
    k_{t+1} = k_t + lambda (gamma E L(x) - E L(G(z))),  within 0 ... 1,  k_0 = 0

both at once. E L(x) + |gamma E L(x) - E L(G(z))| falls as it converges.

Changed from `gan`: the discriminator, the losses, both players at once, fresh noise for each.

Departures: the networks of `dcgan` without normalisation, its discriminator as the encoder, its
generator as the decoder and as the generator; no skip connections. k is a buffer, so that resuming
is exact, and processes share one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from liangyi.core import processes
from liangyi.core.batch import detached
from liangyi.core.config import Config, Count, Positive, Share, Training, Unit
from liangyi.core.model import Turn, Update
from liangyi.core.registry import register
from liangyi.losses import energy
from liangyi.nets import pairs
from liangyi.nets.energy import energy as energy_network
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class BEGANConfig(Config):
    """Settings of BEGAN."""

    latent: Count = 64  # length of the noise, and of the discriminator's code
    width: Count = 64  # channels of the largest maps; on points half of the hidden layers
    diversity: Unit = 0.5  # gamma: the error of generated items, as a share of that of real ones
    balance_rate: Positive = 1e-3  # lambda: how fast k follows
    pack: Count = 1  # items that the discriminator judges together (PacGAN, arXiv:1712.04086)
    learning_rate: Positive = 1e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("began")
class BEGAN(GAN):
    """BEGAN: two autoencoding errors held in a balance that one chooses."""

    Config = BEGANConfig
    adversary = "values"
    recipe = Training(steps=6000, batch_size=64)
    tiny: ClassVar = {"width": 8, "latent": 8}
    whole_batch = True  # k moves once a step, by the means of the batch
    critic: nn.Module
    balance: Tensor  # k

    def networks(self) -> None:
        """Build convolutions for pictures, fully connected layers for points."""
        config, item = self.config, self.spec.created
        hidden = [2 * config.width] * 3
        self.generator = pairs.generator(config.latent, item, config.width, hidden, norm=False)
        self.critic = energy_network(item, config.latent, config.width, hidden, 1, config.pack)
        self.register_buffer("balance", torch.zeros((), device="cpu"))

    def judgement(self, batch: Any) -> Tensor:
        """Return the errors, turned round: higher is more real."""
        return -self.errors(batch)

    def errors(self, batch: Any) -> Tensor:
        """Return how badly items, or packs of them, are rebuilt."""
        errors: Tensor = self.critic(batch[0])
        return errors

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Section 3.4: both players at once, then k."""
        gamma, count = self.config.diversity, len(batch[0])
        real = self.errors(batch)
        fake = self.errors(detached(self.generated(count, given=batch)))
        drawn = self.errors(self.generated(count, given=batch))
        loss, loss_of_generator = energy.balanced(real, fake, self.balance.clone()), drawn.mean()
        measure = energy.convergence(real, drawn, gamma)
        yield (
            Update(
                self.critic, loss, critic=loss, convergence=measure, balance=self.balance.clone()
            ),
            Update(self.generator, loss_of_generator, generator=loss_of_generator),
        )
        self.follow(energy.imbalance(real, drawn, gamma))

    @torch.no_grad()
    def follow(self, imbalance: Tensor) -> None:
        """Move k."""
        processes.average([imbalance])
        self.balance.add_(self.config.balance_rate * imbalance).clamp_(0, 1)
