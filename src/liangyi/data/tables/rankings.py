"""2,000 queries whose law of relevance is known: what ranks better can be told for certain.

As in LETOR (arXiv:1306.2597) some features belong to the query and are the same for all of its
documents, the others to the document. A document's worth is a random network's word on both;
relevant are those whose worth, seen through noise, is high: one in five or so, each query has one
at least. No ranker can know the noise, so the law's own order is not perfect.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Rankings
from liangyi.core.config import Config, Unit
from liangyi.core.spec import Spec
from liangyi.data.columns import Columns, Lists
from liangyi.data.source import Source, source
from liangyi.data.tables.letor import spec_of

QUERIES = 1000  # of each split
_LEAST, _MOST = 10, 40  # documents of a query
_SHARED, _OWN = 4, 16  # features of the query and of the document
_HIDDEN = 16
_NOISE = 0.5  # of what is seen of a worth, whose deviation is 1
_GRADES = (1.0, 1.75)  # from which seen worth on a document is relevant, and very relevant
_CPU = torch.device("cpu")
_VERSION = 1  # to be raised whenever the same settings would give other queries


@dataclass(frozen=True, kw_only=True)
class LawConfig(Config):
    """How much of the relevance is known."""

    # share of the relevant documents that training queries know of; held-out ones know all
    observed: Unit = 1.0


@source("rankings", "2,000 queries of 10 to 40 documents, made on the spot, law known")
class Law(Source):
    """The random network and the queries that it decided: 1,000 to learn from, 1,000 held out."""

    Config = LawConfig

    def __init__(self, config: LawConfig | None = None) -> None:
        super().__init__(config)
        with draw.seeded(0, "law of relevance", device=_CPU), torch.no_grad():
            first, last = nn.Linear(_SHARED + _OWN, _HIDDEN), nn.Linear(_HIDDEN, 1)
            for layer in (first, last):
                nn.init.normal_(layer.weight, std=2 / layer.in_features**0.5)
                nn.init.normal_(layer.bias)
            self._network = nn.Sequential(first, nn.Tanh(), last)
            known = self._network(torch.randn(10_000, _SHARED + _OWN, device="cpu"))
            self._mean, self._deviation = known.mean(), known.std()

    def spec(self) -> Spec:
        """Return what a query looks like."""
        return spec_of(_SHARED + _OWN, _MOST, 1 + len(_GRADES))

    def fingerprint(self, split: str) -> str:
        """Name the law."""
        return f"rankings-{self.config.observed:g}-{split}-{_VERSION}"

    @torch.no_grad()
    def worth(self, batch: Rankings) -> Tensor:
        """Return the scores [N L] that the law itself gives."""
        return self._worth(batch.document.cpu())

    def _worth(self, document: Tensor) -> Tensor:
        found: Tensor = (self._network(document).squeeze(-1) - self._mean) / self._deviation
        return found

    @torch.no_grad()
    def items(self, split: str) -> Columns:
        """Draw the queries of a split."""
        dice = draw.generator(0, f"{split} queries")
        counts = torch.randint(_LEAST, _MOST + 1, (QUERIES,), generator=dice, device="cpu")
        shared = torch.randn(QUERIES, _SHARED, generator=dice, device="cpu")
        own = torch.randn(int(counts.sum()), _OWN, generator=dice, device="cpu")
        document = torch.cat([shared.repeat_interleave(counts, 0), own], 1)
        noise = torch.randn(len(document), generator=dice, device="cpu")
        seen = self._worth(document) + _NOISE * noise
        grade = torch.stack([seen > bound for bound in _GRADES]).sum(0)
        best = _best(seen, counts)
        grade[best] = grade[best].clamp(min=1)
        if split == "train":
            known = torch.rand(len(seen), generator=dice, device="cpu") < self.config.observed
            known[best] = True
            grade = grade * known
        return {
            "document": Lists(document, counts, _MOST),
            "relevance": Lists(grade, counts, _MOST),
        }


def _best(values: Tensor, counts: Tensor) -> Tensor:
    """Return the place of the highest value of each query, [Q]."""
    starts = counts.cumsum(0) - counts
    each = torch.stack([part.argmax() for part in values.split(counts.tolist())])
    return starts + each
