"""A GAN regularised by R1 and R2, for experiments that ask about something else.

Mescheder et al., "Which training methods for GANs do actually converge?", arXiv:1801.04406:
slopes of the discriminator are penalised at real (R1) and at generated items (R2).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liangyi.core.batch import detached
from liangyi.core.model import Turn, Update
from liangyi.losses import adversarial, penalty
from liangyi.zoo.adversarial.gan import GAN


class Penalised(GAN):
    """A GAN with R1 and R2."""

    weight = 1.0  # of each

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Algorithm 1 of arXiv:1406.2661, whose discriminator pays for its slopes."""
        fake = self.generated(len(batch[0]))
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(detached(fake)))
        steep = sum(penalty.zero_centred(self.discriminator, x[0]) for x in (batch, fake))
        yield Update(self.discriminator, loss + self.weight / 2 * steep, discriminator=loss)
        loss = adversarial.nonsaturating(self.judgement(fake))
        yield Update(self.generator, loss, generator=loss)
