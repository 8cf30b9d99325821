"""Answers: from a question to its answer, after Sutskever et al., arXiv:1409.3215."""

from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import liangyi
from liangyi import Model, Update
from liangyi.core import draw
from liangyi.core.spec import Spec, Words
from liangyi.data import Source, source

SYMBOLS = tuple(" +0123456789")


class Questions(NamedTuple):
    question: Annotated[Tensor, Words]
    answer: Annotated[Tensor, Words]


@source("sums", "sums of two digits, as questions and answers; made on the spot")
class Sums(Source):
    def spec(self):
        return Spec("answer", question=Words(3, SYMBOLS), answer=Words(2, SYMBOLS))

    def items(self, split):
        every = torch.cartesian_prod(torch.arange(10), torch.arange(10))
        order = torch.randperm(100, generator=draw.generator(0, "sums"))
        a, b = every[order[:80] if split == "train" else order[80:]].unbind(1)
        tens, ones = (a + b) // 10, (a + b) % 10
        answer = torch.stack([torch.where(tens > 0, tens + 2, 0), ones + 2], 1)
        return {"question": torch.stack([a + 2, torch.ones_like(a), b + 2], 1), "answer": answer}


@liangyi.register("answers")
class Answers(Model):
    """Answers: one player, one loss, a verb of its own."""

    eats, data, tiny_data = (Questions,), "sums", {"data": "sums"}

    def networks(self):
        self.words = nn.Embedding(12, 16)
        self.network = nn.Sequential(
            nn.Flatten(), nn.Linear(48, 128), nn.ReLU(), nn.Linear(128, 24)
        )

    def optimizer(self, player, weights):
        return torch.optim.Adam(weights, lr=3e-3)

    def logits(self, question):
        return self.network(self.words(question)).view(-1, 2, 12)

    def updates(self, batch, step):
        loss = cross_entropy(self.logits(batch.question).flatten(0, 1), batch.answer.flatten())
        yield Update(self, loss, loss=loss)

    @liangyi.verb
    def answer(self, question: Tensor) -> Tensor:
        """Return answers [N L] of questions [N L]."""
        return self.logits(question).argmax(2)

    @liangyi.verb
    def evaluate(self, batch: Questions) -> dict[str, Tensor]:
        """Return the share of answers that are right."""
        return {
            "exact": (self.logits(batch.question).argmax(2) == batch.answer).all(1).float().mean()
        }
