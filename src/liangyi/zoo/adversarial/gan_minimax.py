"""Minimax GAN: the game as it is written, whose generator learns little while it is seen through.

Goodfellow et al., "Generative Adversarial Networks", arXiv:1406.2661, equation 1:

    min_G max_D  E log D(x) + E log(1 - D(G(z)))

Changed from `gan`: the generator lowers log(1 - D(G(z))) instead of -log D(G(z)). Both have the
same fixed point; where D(G(z)) is near 0 the first has a slope of D(G(z)), the second of 1.

Departures: none beside those of `gan`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from liangyi.core.batch import detached
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import adversarial
from liangyi.zoo.adversarial.gan import GAN


@register("gan-minimax")
class GANMinimax(GAN):
    """Minimax GAN: the game as it is written."""

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Algorithm 1, its last line as it stands."""
        fake = self.generated(len(batch[0]), given=batch)
        loss = adversarial.discriminator(
            self.judgement(batch), self.judgement(detached(fake)), self.config.real_target
        )
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = adversarial.saturating(self.judgement(fake))
        yield Update(self.generator, loss, generator=loss)
