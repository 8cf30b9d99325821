"""Ranker: lists of unequal length, a generator picks, a discriminator scores; arXiv:1705.10513."""

from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

import liangyi
from liangyi import Model, Update
from liangyi.core import draw
from liangyi.core.spec import Label, Ragged, Spec, Vector
from liangyi.data import Lists, Source, source


class Rankings(NamedTuple):
    document: Annotated[Tensor, Ragged]  # [N L D]
    document_mask: Tensor  # [N L]
    relevant: Annotated[Tensor, Ragged]  # [N L], 0 or 1


@source("shelf", "queries with 2 to 9 documents each, a linear law says which are relevant")
class Shelf(Source):
    def spec(self):
        relevant = Ragged(Label(("no", "yes")), 9)
        return Spec("relevant", document=Ragged(Vector(3), 9), relevant=relevant)

    def items(self, split):
        dice = draw.generator(0, f"shelf {split}")
        counts = torch.randint(2, 10, (200,), generator=dice)
        document = torch.randn(int(counts.sum()), 3, generator=dice)
        relevant = (document @ torch.tensor([1.0, -1.0, 0.5]) > 0.5).long()
        return {"document": Lists(document, counts, 9), "relevant": Lists(relevant, counts, 9)}


@liangyi.register("ranker")
class Ranker(Model):
    """Ranker: policy gradient over documents."""

    eats, data, tiny_data = (Rankings,), "shelf", {"data": "shelf"}

    def networks(self):
        self.generator, self.discriminator = nn.Linear(3, 1), nn.Linear(3, 1)

    def optimizer(self, player, weights):
        return torch.optim.Adam(weights, lr=1e-2)

    def updates(self, batch, step):
        scores = self.generator(batch.document).squeeze(2).masked_fill(~batch.document_mask, -1e9)
        chances, share = scores.log_softmax(1), draw.uniform(len(scores), 1, device=self.device)
        pick = torch.searchsorted(chances.exp().cumsum(1).detach(), share).clamp(max=8)
        value = self.discriminator(batch.document).squeeze(2)
        real = batch.relevant.bool() & batch.document_mask
        loss = softplus(value.gather(1, pick)).mean() + (softplus(-value) * real).mean()
        yield Update(self.discriminator, loss, discriminator=loss)
        reward = self.discriminator(batch.document).squeeze(2).gather(1, pick).sigmoid().detach()
        loss = -((reward - reward.mean()) * chances.gather(1, pick)).mean()
        yield Update(self.generator, loss, reward=reward.mean())

    @liangyi.verb
    def order(self, document: Tensor, document_mask: Tensor) -> Tensor:
        """Return scores [N L] of documents [N L D]; what is not there comes last."""
        return self.generator(document).squeeze(2).masked_fill(~document_mask, -1e9)

    @liangyi.verb
    def evaluate(self, batch: Rankings) -> dict[str, Tensor]:
        """Return the share of lists whose first document is relevant."""
        first = self.order(batch.document, batch.document_mask).argmax(1, keepdim=True)
        return {"precision": batch.relevant.gather(1, first).float().mean()}
