"""Pointwise: each document by itself, relevant or not; the baseline of every ranker.

Logistic regression of the relevance, by maximum likelihood, with a network for the score. Liu,
"Learning to rank for information retrieval", 2009, chapter 2; the rows called MLE of Wang et al.,
arXiv:1705.10513:

    min  -E log P(relevant or not | s(q, d))

The score comes from a document's features, or from a vector of the user and one of the item.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from liangyi.core.batch import Interactions, Rankings
from liangyi.core.config import Config, Count, NonNegative, Positive, Training
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.losses import rankings as losses
from liangyi.metrics.rankings import figures
from liangyi.nets.rankings import relevant, scorer


@dataclass(frozen=True, kw_only=True)
class PointwiseConfig(Config):
    """Settings of a ranker."""

    hidden: tuple[Count, ...] = (46,)  # layers between a document's features and its score
    factors: Count = 5  # numbers in the vector of a user and of an item
    learning_rate: Positive = 3e-3  # Adam's
    weight_decay: NonNegative = 0.0  # pull of the weights to 0


@register("pointwise")
class Pointwise(Model):
    """Pointwise: each document by itself, relevant or not; the baseline of every ranker."""

    Config = PointwiseConfig
    eats = (Rankings, Interactions)
    data = "rankings"
    recipe = Training(steps=2000, batch_size=32, average=0)
    tiny: ClassVar = {"hidden": (4,)}
    tiny_data: ClassVar = {"data": "rankings"}

    def networks(self) -> None:
        """Build the network that scores."""
        self.ranker = scorer(self.spec, self.config.hidden, self.config.factors)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam, with the pull of the weights to 0 in the gradient."""
        config = self.config
        return torch.optim.Adam(
            weights, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )

    def scores(self, batch: Any) -> Tensor:
        """Return the scores [N L] of the documents, those of what is not there too."""
        found: Tensor = self.ranker(*batch.asked)
        return found

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """One step towards the relevance of each document."""
        loss = losses.pointwise(self.scores(batch), relevant(batch), batch.mask)
        yield Update(self.ranker, loss, loss=loss)

    @verb
    def rank(self, batch: Any) -> Tensor:
        """Return scores [N L], by which documents come in order; -inf of what is not there."""
        return self.scores(batch).float().masked_fill(~batch.mask, -torch.inf)

    @verb
    def evaluate(self, batch: Any) -> dict[str, Tensor]:
        """Return how well the order agrees with the relevance, means over queries."""
        found = figures(self.rank(batch), batch.relevance)
        return {name: each.mean().float() for name, each in found.items()}
