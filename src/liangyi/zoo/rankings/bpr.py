"""BPR: of two documents the relevant one first, whatever the scores are.

Rendle, Freudenthaler, Gantner and Schmidt-Thieme, "BPR: Bayesian personalized ranking from implicit
feedback", arXiv:1205.2618, section 4.1:

    min  -E log sigmoid(s(q, d+) - s(q, d-)),  d+ relevant, d- not, both drawn uniformly

Changed from `pointwise`: the loss looks at pairs.

Departures: Adam in place of plain stochastic gradient descent; several pairs a query in each step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from liangyi.core import draw
from liangyi.core.config import Count
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import rankings as losses
from liangyi.nets.rankings import hardest, relevant
from liangyi.zoo.rankings.pointwise import Pointwise, PointwiseConfig


@dataclass(frozen=True, kw_only=True)
class BPRConfig(PointwiseConfig):
    """Settings of BPR."""

    pairs: Count = 8  # of each query in a step


@register("bpr")
class BPR(Pointwise):
    """BPR: of two documents the relevant one first, whatever the scores are."""

    Config = BPRConfig

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """One step on some pairs of each query."""
        scores = self.scores(batch)
        better = draw.places(relevant(batch), self.config.pairs, "relevant")
        worse = self.negatives(scores, batch)
        loss = losses.pairwise(scores.gather(1, better), scores.gather(1, worse))
        yield Update(self.ranker, loss, loss=loss)

    def negatives(self, scores: Tensor, batch: Any) -> Tensor:
        """Draw the places [N pairs] of documents that are not relevant, uniformly."""
        return hardest(scores, batch, self.config.pairs, tries=1)
