"""Word2vec: words that occur in like company get like vectors (skip-gram, negative sampling).

Mikolov, Sutskever, Chen, Corrado and Dean, "Distributed representations of words and phrases and
their compositionality", arXiv:1310.4546, equation 4, sections 2.2 and 2.3; the model is that of
arXiv:1301.3781, section 3.2. Of the word in the middle of a window each word around it must tell
K words of noise:

    max  sum_windows sum_around  log sigma(u_middle . v) + sum_k log sigma(-u_k . v),
    k ~ counts^3/4

Frequent words are dropped at random (section 2.3), and each window has a width of its own.

Departures: the words of noise are drawn once for a window, not for each pair in it, and are 7
where the paper has 5: that is faster, and as good (docs/zoo/word2vec.md); a word is kept with
chance sqrt(t/f) + t/f, as in the authors' code, not sqrt(t/f).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from liangyi.core import draw, processes
from liangyi.core.batch import Tokens
from liangyi.core.config import Config, Count, NonNegative, Positive, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Word, Words
from liangyi.losses.words import told_apart
from liangyi.nets.fast import windows as fast
from liangyi.nets.fast.sequential import plainly
from liangyi.nets.windows import NOISE, ONE, PURPOSES, Noise, Windows, kept, windows
from liangyi.nets.words import KNOWN, Vectors

Answers = Annotated[Count, "words of each answer"]
_WINDOWS = 256  # that the plain form looks at before it moves, at most


@dataclass(frozen=True, kw_only=True)
class Word2VecConfig(Config):
    """Settings of word2vec."""

    size: Count = 100  # numbers of a vector
    window: Count = 5  # words on each side, at most
    negatives: Annotated[int, Ge(1), Le(PURPOSES - NOISE)] = 7  # words of noise a window
    power: NonNegative = 0.75  # of counts, to which the noise is proportional
    sample: NonNegative = 1e-3  # share of the text above which words are dropped; 0: none are
    learning_rate: Positive = 0.025  # at the first step; falls evenly to a 250th at the last


class Neighbours(NamedTuple):
    """Words, the best first."""

    word: Annotated[Tensor, Word]  # [N K], int64
    cosine: Tensor  # [N K]


@register("word2vec")
class Word2Vec(Model):
    """Word2vec: words that occur in like company get like vectors."""

    Config = Word2VecConfig
    eats = (Tokens,)
    data = "stems"
    whole_batch = True  # of sums over windows, one after the other
    reproducible = "one thread"
    together: ClassVar[bool] = False  # the words of a window ask as their mean, not one by one
    recipe = Training(epochs=5, batch_size=8, average=0, validate_every=0, compile="off")
    tiny: ClassVar = {"size": 8, "window": 2, "negatives": 3}
    tiny_data: ClassVar = {"data": "stems"}

    def networks(self) -> None:
        """Build the vectors, and the laws by which words are kept and noise is drawn."""
        field, config = self.spec["token"], self.config
        assert isinstance(field, Words)
        if not field.counts:
            raise UserError("word2vec must know how often words occur; give a text", setting="data")
        counts = torch.tensor(field.counts, device="cpu", dtype=torch.float64)
        counts[:KNOWN] = 0
        self.register_buffer("keep", kept(counts, config.sample), persistent=False)
        law = Noise.of(torch.where(counts > 0, counts**config.power, 0.0))
        self.register_buffer("share", law.share, persistent=False)
        self.register_buffer("alias", law.alias, persistent=False)
        self.outputs(counts)

    def outputs(self, counts: Tensor) -> None:
        """Say which outputs each word is asked about: of the word itself; and make the vectors."""
        words = len(counts)
        self.keep_outputs(
            torch.arange(words, device="cpu")[:, None], torch.ones(words, 1, device="cpu")
        )
        self.vectors = Vectors(words, words, self.config.size)

    def keep_outputs(self, node: Tensor, turn: Tensor, length: Tensor | None = None) -> None:
        """Keep outputs [V P] of each word, what they should say, and how many count."""
        whole = torch.full((len(node),), node.shape[1], device="cpu")
        self.register_buffer("node", node.int(), persistent=False)
        self.register_buffer("turn", turn.float(), persistent=False)
        count = whole if length is None else length
        self.register_buffer("length", count.int(), persistent=False)

    @property
    def noises(self) -> int:
        """Words of noise a window."""
        return int(self.config.negatives)

    @property
    def compiled(self) -> bool:
        """Whether the compiled form is at hand: on a processor, in one process."""
        here = self.device.type == "cpu" and processes.world() == 1 and not plainly()
        return here and fast.available()

    def remarks(self) -> list[str]:
        """Say so where the fast form is missing."""
        if self.device.type == "cpu" and not fast.available():
            return ["numba is missing, so this takes many times as long: pip install liangyi[fast]"]
        return []

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return plain gradient descent."""
        return torch.optim.SGD(weights, lr=self.config.learning_rate)

    def schedule(self, player: str, step: int) -> float:
        """Let the rate fall evenly over the training."""
        return max(0.004, 1 - step / self.planned) if self.planned else 1.0

    def updates(self, batch: Tokens, step: int) -> Iterator[Update]:
        """Move by one window after the other, or in the plain form by up to 256."""
        bits = (
            draw.uniform(len(batch.token), 2, device=self.device, purpose="windows") * ONE
        ).long()
        seeds = bits[:, 0] * ONE + bits[:, 1]
        if self.compiled:
            yield Update(self.vectors, by=lambda: self.moved(batch.token, seeds, step))
            return
        noise, config = Noise(self.share, self.alias), self.config
        every = windows(batch.token, seeds, self.keep, noise, config.window, self.noises)
        # as many turns however many words are dropped: processes take theirs together
        for some in every.parts(-(-batch.token.numel() // _WINDOWS)):
            loss, examples = self.loss(some)
            yield Update(self.vectors, loss, loss=loss / examples.clamp(min=1))

    def moved(self, token: Tensor, seeds: Tensor, step: int) -> dict[str, Tensor]:
        """Move the vectors by the compiled loop; return the mean loss of an example."""
        law = fast.Law(self.keep, self.share, self.alias, self.node, self.turn, self.length,
                       self.config.window, self.noises, self.together)  # fmt: skip
        rate = self.config.learning_rate * self.schedule("vectors", step)
        word, output = self.vectors.word.weight, self.vectors.output.weight
        loss, count = fast.move(token, seeds, word, output, law, rate, torch.get_num_threads())
        return {"loss": torch.tensor(loss / max(1, count), device=self.device)}

    def loss(self, some: Windows) -> tuple[Tensor, Tensor]:
        """Return the sum of losses over windows, and the number of examples in them."""
        own = self.node[some.centre]
        node = torch.cat([own, some.noise], 1)
        target = torch.cat([self.turn[some.centre], torch.zeros_like(some.noise)], 1)
        place = torch.arange(own.shape[1], device=self.device)
        mask = [place < self.length[some.centre, None], some.noise != some.centre[:, None]]
        asking, there = self.vectors.word(some.context), some.there
        if self.together:
            count = there.sum(1, keepdim=True)[..., None]
            asking = (asking * there[..., None]).sum(1, keepdim=True) / count.clamp(min=1)
            there = there.any(1, keepdim=True)
        counted = torch.cat(mask, 1)[:, None] & there[..., None]
        scores = self.vectors.scores(asking, node)
        return told_apart(scores, target[:, None], counted), there.sum()

    @verb
    def embed(self, word: Annotated[Tensor, Word]) -> Tensor:
        """Return the vectors [N D] of words [N]."""
        found: Tensor = self.vectors.word(word)
        return found

    @verb
    def nearest(self, word: Annotated[Tensor, Word], count: Answers = 10) -> Neighbours:
        """Return the words [N K] nearest to words [N] by cosine."""
        point = self.vectors.word(word)
        return Neighbours(*self.vectors.nearest(point, word[:, None], count))

    @verb
    def analogy(
        self,
        one: Annotated[Tensor, Word],
        other: Annotated[Tensor, Word],
        third: Annotated[Tensor, Word],
        count: Answers = 5,
    ) -> Neighbours:
        """Return the words [N K] that are to the third as the second is to the first."""
        asked = torch.stack([one, other, third], 1)
        from_one, to_other, at_third = map(self.vectors.unit, (one, other, third))
        return Neighbours(*self.vectors.nearest(to_other - from_one + at_third, asked, count))
