"""Users with planted tastes, who choose among planted items: whom one should recommend what.

A user's liking of an item is the product of their vectors plus what makes the item popular with
everybody; each of 1,000 users draws 30 of 500 items, the liked ones likelier. As in real tables a
recommender that knows popularity alone is already far better than chance.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.batch import Interactions
from liangyi.core.spec import Spec
from liangyi.data.columns import Columns
from liangyi.data.source import Source, source
from liangyi.data.tables.interactions import columns_of, spec_of, split_of

USERS, ITEMS, CHOICES = 1000, 500, 30
_WIDTH = 5  # of the vectors
_TASTE = 1.5  # deviation of what a user's vector adds to an item's popularity, whose own is 1
_VERSION = 1  # to be raised whenever other choices would be made


@source("tastes", "1,000 users who choose among 500 items, made on the spot, law known")
class Tastes(Source):
    """What users like, and what they chose: four fifths to learn from, a fifth held out."""

    def __init__(self, config: object = None) -> None:
        super().__init__(config)
        dice = draw.generator(0, "law of tastes")
        user = torch.randn(USERS, _WIDTH, generator=dice, device="cpu")
        item = torch.randn(ITEMS, _WIDTH, generator=dice, device="cpu")
        popular = torch.randn(ITEMS, generator=dice, device="cpu")
        self.liking = popular + _TASTE / math.sqrt(_WIDTH) * user @ item.T  # [U I]

    def spec(self) -> Spec:
        """Return how many users and items there are."""
        return spec_of([f"user {n}" for n in range(USERS)], [f"item {n}" for n in range(ITEMS)])

    def fingerprint(self, split: str) -> str:
        """Name the law."""
        return f"tastes-{split}-{_VERSION}"

    def items(self, split: str) -> Columns:
        """Return the users with their choices; held-out ones are among what they do not know."""
        dice = draw.generator(0, "choices")
        # the highest of likings with Gumbel noise are drawn in proportion to exp(liking)
        noise = -torch.rand(USERS, ITEMS, generator=dice, device="cpu").log()
        best = (self.liking - noise.log()).topk(CHOICES).indices
        chosen = torch.zeros(USERS, ITEMS, dtype=torch.bool, device="cpu").scatter_(1, best, True)
        train, held_out = split_of(chosen)
        if split == "train":
            return columns_of(train, torch.zeros_like(train))
        return columns_of(held_out, train)

    def worth(self, batch: Interactions) -> Tensor:
        """Return the scores [N L] that the law itself gives."""
        return self.liking[batch.user.cpu()].gather(1, batch.candidate.cpu())
