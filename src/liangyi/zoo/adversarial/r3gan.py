"""R3GAN: a loss that compares in pairs, and a critic held flat at both ends: no mode is dropped.

Huang et al., "The GAN is dead; long live the GAN! A modern GAN baseline", arXiv:2501.05441: the
relativistic pairing loss of arXiv:1807.00734 with the zero-centred penalties R1 on real and R2 on
generated items of arXiv:1801.04406:

    min_G max_D  E log sigmoid(D(x) - D(G(z)))
                 - gamma/2 (E ||grad D(x)||^2 + E ||grad D(G(z))||^2)

and the generator wants the comparison reversed.

Changed from `gan`: the loss, the penalties, normal noise, no momentum in Adam; the discriminator is
called critic, since only differences of its values mean anything.

Departures: the networks are those of `wgan-gp`, without normalisation but no ResNet; gamma is given
in units of the data's variance (that of the batch, summed over pixels or coordinates), so that one
number serves pictures and plane points alike; gamma and Adam's rates stay, only the learning rate
may fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from torch import Tensor, nn

from liangyi.core import latent, processes
from liangyi.core.batch import detached
from liangyi.core.config import Config, Count, Natural, NonNegative, Positive, Share, Training
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.core.schedules import cosine
from liangyi.losses import adversarial, penalty
from liangyi.nets import pairs
from liangyi.nets.adversary import opened
from liangyi.nets.augment import FixedAugment, augmentation
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class R3GANConfig(Config):
    """Settings of R3GAN."""

    latent: Count = 64  # length of the noise
    width: Count = 64  # channels of the largest maps; on points half of the hidden layers
    penalty: NonNegative = 3e-3  # gamma, in units of the data's variance
    augment: FixedAugment = "none"  # how pictures are changed before they are judged, each anew
    learning_rate: Positive = 2e-4  # of both players
    betas: tuple[Share, Share] = (0.0, 0.99)  # Adam's decay rates
    pack: Count = 1  # items that the critic judges together (PacGAN, arXiv:1712.04086)
    decay_steps: Natural = 0  # the rate falls to zero over so many steps, as a cosine; 0: it stays


@register("r3gan")
class R3GAN(GAN):
    """R3GAN: a loss that compares in pairs, and a critic held flat at both ends."""

    Config = R3GANConfig
    adversary = "values"
    recipe = Training(steps=6000, batch_size=128)
    tiny: ClassVar = {"width": 8, "latent": 8}
    noise = latent.normal
    critic: nn.Module

    def networks(self) -> None:
        """Build convolutions for pictures, fully connected layers for points."""
        config, item = self.config, self.spec.created
        hidden = [2 * config.width] * 3
        self.generator = pairs.generator(config.latent, item, config.width, hidden, norm=False)
        augment = augmentation(config.augment, item, self.image_range)
        self.critic = pairs.discriminator(
            item, config.width, hidden, norm=False, pack=config.pack, augment=augment
        )

    def judgement(self, batch: Any) -> Tensor:
        """Return the critic's values, of which only differences mean anything."""
        values: Tensor = self.critic(batch[0])
        return values

    @classmethod
    def fitted(cls, config: R3GANConfig, steps: int) -> R3GANConfig:
        """Let a rate that falls be zero at the end."""
        return replace(config, decay_steps=steps) if config.decay_steps else config

    def schedule(self, player: str, step: int) -> float:
        """Let the learning rate fall along half a cosine."""
        return cosine(step, self.config.decay_steps)

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """One turn of the critic, one of the generator."""
        (real,) = batch
        fake = self.generated(len(real), given=batch)
        compared = adversarial.relativistic(self.judgement(batch), self.judgement(detached(fake)))
        critic, (true, false) = opened(self.critic, real, fake[0])
        slope = penalty.zero_centred(critic, true) + penalty.zero_centred(critic, false)
        held = self.config.penalty / 2 * variance(true) * slope
        yield Update(self.critic, compared + held, critic=compared, penalty=held)
        loss = adversarial.relativistic(self.judgement(fake), self.judgement(batch))
        yield Update(self.generator, loss, generator=loss)


def variance(items: Tensor) -> Tensor:
    """Return the variance of the joined batch, of which all processes have shares, summed up."""
    mean = items.mean(0)
    processes.average([mean])
    square = (items - mean).square().sum() / len(items)
    processes.average([square])
    count = len(items) * processes.world()
    return square * count / max(1, count - 1)
