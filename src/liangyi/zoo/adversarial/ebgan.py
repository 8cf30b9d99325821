"""EBGAN: a discriminator that rebuilds what it sees, and calls real what it can rebuild.

Zhao, Mathieu and LeCun, "Energy-based generative adversarial network", arXiv:1609.03126,
equations 1 and 2, with the pulling-away term of section 2.4:

    min_D  E D(x) + E max(0, m - D(G(z)))        min_G  E D(G(z)) + w f_PT(Enc(G(z)))

where the energy D(x) is the squared error of an autoencoder.

Changed from `gan`: the discriminator and the losses; the networks of `dcgan` for pictures, its
discriminator as the encoder, its generator as the decoder; normal noise.

Departures: the error is a mean over pixels, so that one margin serves pictures of any size; the
networks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from liangyi.core import latent
from liangyi.core.batch import detached
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import energy
from liangyi.nets import pairs
from liangyi.nets.adversary import opened
from liangyi.nets.energy import energy as energy_network
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class EBGANConfig(Config):
    """Settings of EBGAN."""

    latent: Count = 64  # length of the noise
    code: Count = 64  # what the discriminator's autoencoder passes through
    width: Count = 64  # channels of the largest maps; on points half of the hidden layers
    margin: Positive = 0.2  # m: generated items of more energy than this are left alone
    pulling_away: NonNegative = 0.1  # w: weight of the term that keeps the codes of a batch apart
    pack: Count = 1  # items that the discriminator judges together (PacGAN, arXiv:1712.04086)
    learning_rate: Positive = 1e-3  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("ebgan")
class EBGAN(GAN):
    """EBGAN: a discriminator that rebuilds what it sees, and calls real what it can rebuild."""

    Config = EBGANConfig
    adversary = "values"
    recipe = Training(steps=6000, batch_size=64)
    tiny: ClassVar = {"width": 8, "latent": 8, "code": 8}
    whole_batch = True  # the pulling-away term compares all items of a batch
    noise = latent.normal
    critic: nn.Module

    def networks(self) -> None:
        """Build convolutions for pictures, fully connected layers for points."""
        config, item = self.config, self.spec.created
        hidden = [2 * config.width] * 3
        self.generator = pairs.generator(config.latent, item, config.width, hidden)
        self.critic = energy_network(item, config.code, config.width, hidden, 2, config.pack)

    def judgement(self, batch: Any) -> Tensor:
        """Return the energies, turned round: higher is more real."""
        return -self.energies(batch)

    def energies(self, batch: Any) -> Tensor:
        """Return how badly items, or packs of them, are rebuilt."""
        energies: Tensor = self.critic(batch[0])
        return energies

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Equation 1, then equation 2 with the pulling-away term."""
        fake = self.generated(len(batch[0]), given=batch)
        loss = energy.margin(
            self.energies(batch), self.energies(detached(fake)), self.config.margin
        )
        yield Update(self.critic, loss, critic=loss)
        judge, (packs,) = opened(self.critic, fake[0])
        assert isinstance(judge, nn.Module)
        loss = judge(packs).mean()
        alike = energy.pulling_away(judge.get_submodule("encoder")(packs))
        pulled = loss + self.config.pulling_away * alike
        yield Update(self.generator, pulled, generator=loss, alike=alike)
