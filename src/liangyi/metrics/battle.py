"""Two GANs against each other: whose discriminator is fooled less by the other's generator.

Im, Kim, Jiang and Memisevic, arXiv:1602.05110: the generative adversarial metric (GAM).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor


def mistakes(logits: Tensor, real: bool) -> float:
    """Return the share of items that a discriminator takes for the opposite of what they are.

    Args:
        logits: its word on each, [N] or [N 1]; above zero means real.
        real: what they are.
    """
    return float(((logits > 0) != real).float().mean())


@dataclass(frozen=True)
class Battle:
    """Shares of mistakes of two discriminators, the first model's first."""

    held_out: tuple[float, float]  # on real items that neither has learned from
    crossed: tuple[float, float]  # on the other model's samples

    @property
    def test_ratio(self) -> float:
        """Mistakes of the first on held-out items, over those of the second; 1 is a fair battle."""
        return _ratio(*self.held_out)

    @property
    def sample_ratio(self) -> float:
        """Mistakes of the first on the second's samples, over the reverse; below 1 the first wins.

        It says something only where `test_ratio` is about 1: a discriminator that takes everything
        for generated is fooled by nobody.
        """
        return _ratio(*self.crossed)

    def winner(self, near: float = 0.2) -> int | None:
        """Return 0 or 1, None where the battle is not fair, or nobody wins.

        Args:
            near: how far the test ratio may be from 1, as a part of it: the paper says "about 1"
                and gives no number.
        """
        test, samples = self.test_ratio, self.sample_ratio
        if not 1 / (1 + near) <= test <= 1 + near or samples == 1 or math.isnan(samples):
            return None
        return 0 if samples < 1 else 1


def _ratio(one: float, other: float) -> float:
    if other:
        return one / other
    return math.inf if one else math.nan
