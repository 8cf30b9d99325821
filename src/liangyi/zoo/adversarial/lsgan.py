"""LSGAN: a discriminator that measures squared distance, so that good fakes still get a gradient.

Mao et al., "Least squares generative adversarial networks", arXiv:1611.04076, equation 9:

    min_D  1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2        min_G  1/2 E (D(G(z)) - 1)^2

Changed from `gan`: the two losses.

Departures: networks and settings are those of `gan`, as in the teaching notebook that tries both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liangyi.core.batch import detached
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import adversarial
from liangyi.zoo.adversarial.gan import GAN


@register("lsgan")
class LSGAN(GAN):
    """LSGAN: a discriminator that measures squared distance."""

    adversary = "values"

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Equation 9."""
        fake = self.generated(len(batch[0]), given=batch)
        loss = adversarial.least_squares(self.judgement(batch), self.config.real_target)
        loss = loss + adversarial.least_squares(self.judgement(detached(fake)), 0)
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = adversarial.least_squares(self.judgement(fake), 1)
        yield Update(self.generator, loss, generator=loss)
