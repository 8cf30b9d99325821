"""Word pairs: vectors moved by a closed form, after Mikolov et al., arXiv:1310.4546, equation 4."""

from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

import liangyi
from liangyi import Model, Update
from liangyi.core import draw
from liangyi.core.spec import Label, Spec
from liangyi.data import Source, source

WORDS = tuple("abcdefgh")


class Pairs(NamedTuple):
    word: Annotated[Tensor, Label]
    context: Annotated[Tensor, Label]


@source("letters", "pairs of neighbouring letters; endless")
class Letters(Source):
    def spec(self):
        return Spec("context", word=Label(WORDS), context=Label(WORDS))

    def draw(self, count, generator):
        word = torch.randint(8, (count,), generator=generator)
        return {
            "word": word,
            "context": (word + torch.randint(2, (count,), generator=generator)) % 8,
        }


@liangyi.register("word-pairs")
class WordPairs(Model):
    """Word pairs: a kernel moves the vectors, no optimiser does."""

    eats, data, tiny_data = (Pairs,), "letters", {"data": "letters"}

    def networks(self):
        self.vectors = nn.ParameterList([torch.randn(8, 4) / 2, torch.randn(8, 4) / 2])

    def updates(self, batch, step):
        negative = draw.integers(8, len(batch.word), device=self.device)

        def kernel():
            word, context = self.vectors
            x, loss = word[batch.word], torch.zeros((), device=self.device)
            for other, target in ((batch.context, 1.0), (negative, 0.0)):
                y = context[other]
                score = (x * y).sum(1)
                loss = loss + nn.functional.softplus(score * (1 - 2 * target)).mean()
                push = 0.1 * (target - score.sigmoid())[:, None]
                context.data.index_add_(0, other, push * x)
                word.data.index_add_(0, batch.word, push * y)
            return {"loss": loss}

        yield Update(self.vectors, by=kernel)

    @liangyi.verb
    def embed(self, word: Tensor) -> Tensor:
        """Return vectors [N 4] of words [N]."""
        return self.vectors[0][word]

    @liangyi.verb
    def evaluate(self, batch: Pairs) -> dict[str, Tensor]:
        """Return the loss of pairs that occur."""
        score = (self.vectors[0][batch.word] * self.vectors[1][batch.context]).sum(1)
        return {"loss": nn.functional.softplus(-score).mean()}
