"""Networks that score what may be ranked, and the draws of what they learn from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Interactions, Rankings
from liangyi.core.spec import Label, Ragged, Spec
from liangyi.nets.mlp import mlp

_NEAR_ZERO = 0.05  # first vectors are uniform within it


class Documents(nn.Module):
    """Scores of documents by their features, one after the other: [N L D] -> [N L].

    Args:
        width: features of a document.
        hidden: widths of the layers between, with tanh.
    """

    def __init__(self, width: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.network = mlp((width, *hidden, 1), nn.Tanh())

    def forward(self, document: Tensor) -> Tensor:
        """Score all documents of all queries."""
        scores: Tensor = self.network(document.flatten(0, 1))
        return scores.view(document.shape[:2])


class Factors(nn.Module):
    """Scores of items by a vector for each user and each item: [N], [N L] -> [N L].

    Args:
        users: how many there are.
        items: how many there are.
        width: of the vectors.
    """

    def __init__(self, users: int, items: int, width: int) -> None:
        super().__init__()
        self.user, self.item = nn.Embedding(users, width), nn.Embedding(items, width)
        self.popularity = nn.Parameter(torch.zeros(items, device="cpu"))
        for table in (self.user, self.item):
            nn.init.uniform_(table.weight, -_NEAR_ZERO, _NEAR_ZERO)

    def forward(self, user: Tensor, candidate: Tensor) -> Tensor:
        """Score the candidates of all users."""
        every = self.user(user) @ self.item.weight.T + self.popularity  # [N items]
        return every.gather(1, candidate)


def scorer(spec: Spec, hidden: Sequence[int], factors: int) -> nn.Module:
    """Return the network that scores such data: documents by features, or items for users."""
    documents = spec.fields.get("document")
    if isinstance(documents, Ragged):
        return Documents(documents.shape[1], hidden)
    users, candidates = spec["user"], spec["candidate"]
    assert isinstance(users, Label) and isinstance(candidates, Ragged)
    return Factors(len(users.names), len(candidates.of.names), factors)  # type: ignore[attr-defined]


def relevant(batch: Rankings | Interactions) -> Tensor:
    """Return which documents are relevant, [N L]."""
    return (batch.relevance > 0) & batch.mask


def hardest(scores: Tensor, batch: Rankings | Interactions, count: int, tries: int) -> Tensor:
    """Draw places [N count] of documents that are not relevant: of so many tries the highest.

    Zhang et al., "Optimizing top-n collaborative filtering via dynamic negative item sampling",
    SIGIR 2013; with one try it is uniform.

    Args:
        scores: of the documents, [N L].
        batch: to which they belong.
        count: how many are wanted for each query.
        tries: among how many each is the highest.
    """
    others = (batch.mask & ~relevant(batch)).float()
    drawn = draw.places(others, count * tries, "irrelevant")
    tried = drawn.view(-1, count, tries)
    best = scores.detach().gather(1, drawn).view_as(tried).argmax(2, keepdim=True)
    return tried.gather(2, best).squeeze(2)
