"""DNS: BPR whose negatives are those that the ranker itself places too high.

Zhang, Chen, Wang and Yu, "Optimizing top-n collaborative filtering via dynamic negative item
sampling", SIGIR 2013; the strongest baseline of Wang et al., arXiv:1705.10513:

    min  -E log sigmoid(s(q, d+) - s(q, d-)),  d- the highest of several drawn uniformly

Changed from `bpr`: which negatives are taken; IRGAN replaces this rule by a generator that learns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from liangyi.core.config import Count
from liangyi.core.registry import register
from liangyi.nets.rankings import hardest
from liangyi.zoo.rankings.bpr import BPR, BPRConfig


@dataclass(frozen=True, kw_only=True)
class DNSConfig(BPRConfig):
    """Settings of DNS."""

    tries: Count = 5  # negatives of which the highest is taken


@register("dns")
class DNS(BPR):
    """DNS: BPR whose negatives are those that the ranker itself places too high."""

    Config = DNSConfig

    def negatives(self, scores: Tensor, batch: Any) -> Tensor:
        """Draw the places [N pairs] of the highest of several that are not relevant."""
        return hardest(scores, batch, self.config.pairs, self.config.tries)
