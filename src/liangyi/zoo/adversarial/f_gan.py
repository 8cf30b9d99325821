"""f-GAN: any f-divergence, estimated by one network and lowered by the other.

Nowozin, Cseke and Tomioka, "f-GAN: Training generative neural samplers using variational divergence
minimization", arXiv:1606.00709, equation 7 by the single-step method of algorithm 1:

    min_G max_V  F = E g(V(x)) - E f*(g(V(G(z))))

Both players follow the gradient of F at the same weights. g and f* belong to the divergence: table
6, and `liangyi.losses.divergence`.

Changed from `gan`: the losses, both players at once, normal noise; the networks of `dcgan` for
pictures, with no batch normalisation in the critic.

Departures: the networks. The generator lowers F itself; that it may raise E g(V(G(z))) instead
(section 3.2) is not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from liangyi.core import latent
from liangyi.core.config import Config, Count, Positive, Share, Training
from liangyi.core.model import Turn, Update
from liangyi.core.registry import register
from liangyi.losses.divergence import DIVERGENCES, Divergence, Name, value
from liangyi.nets import pairs
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class FGANConfig(Config):
    """Settings of f-GAN."""

    divergence: Name = "jensen-shannon"  # of the data from what is generated
    latent: Count = 100  # length of the noise
    width: Count = 64  # channels of the largest maps; on points half of the hidden layers
    pack: Count = 1  # items that the critic judges together (PacGAN, arXiv:1712.04086)
    learning_rate: Positive = 1e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("f-gan")
class FGAN(GAN):
    """f-GAN: any f-divergence, estimated by one network and lowered by the other."""

    Config = FGANConfig
    recipe = Training(steps=6000, batch_size=64)
    tiny: ClassVar = {"width": 8, "latent": 8}
    noise = latent.normal
    critic: nn.Module

    def networks(self) -> None:
        """Build convolutions for pictures, fully connected layers for points."""
        config, item = self.config, self.spec.created
        hidden = [2 * config.width] * 3
        self.generator = pairs.generator(config.latent, item, config.width, hidden)
        self.critic = pairs.discriminator(item, config.width, hidden, norm=False, pack=config.pack)

    @property
    def divergence(self) -> Divergence:
        """Which one it is."""
        return DIVERGENCES[self.config.divergence]

    def judgement(self, batch: Any) -> Tensor:
        """Return V, moved so that it is above zero where the data is the denser."""
        values: Tensor = self.critic(batch[0])
        return values - self.divergence.threshold

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Algorithm 1: one step of both."""
        fake = self.generated(len(batch[0]), given=batch)
        bound = value(self.divergence, self.critic(batch[0]), self.critic(fake[0]))
        yield (
            Update(self.critic, -bound, divergence=bound),
            Update(self.generator, bound),
        )
