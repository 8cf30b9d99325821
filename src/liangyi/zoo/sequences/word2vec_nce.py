"""Word2vec by noise-contrastive estimation, as in TensorFlow's tutorial `word2vec_basic.py`.

Mnih and Teh, "A fast and simple algorithm for training neural probabilistic language models",
arXiv:1206.6426, equation 8; the skip-gram of arXiv:1301.3781. From the word in the middle each word
around it is predicted, by a model that noise q of 64 different words teaches to be normalised:

    min  mean_pairs  -log sigma(s(y) - log E q(y)) - sum_k log sigma(log E q(k) - s(k)),
    s(y) = u_y . v + b_y,  q log-uniform in the rank of a word,  E q(y) the expected count of y

Changed from `word2vec`: the middle predicts what is around it; outputs have biases; noise is shared
by 128 pairs, is of different words, and its law is divided out; no word is dropped, unknown ones
are one more; windows of one width; the rate stays. A step takes whole passages: 16 updates each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from liangyi.core import draw, processes
from liangyi.core.batch import Tokens
from liangyi.core.config import Config, Count, Positive, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.core.spec import Words
from liangyi.losses.words import expected_count, log_uniform, noise_contrastive
from liangyi.nets.words import Vectors
from liangyi.zoo.sequences.word2vec import Word2Vec


@dataclass(frozen=True, kw_only=True)
class NCEConfig(Config):
    """Settings of the tutorial."""

    size: Count = 128  # numbers of a vector
    window: Count = 1  # words on each side
    candidates: Count = 64  # different words of noise, shared by the pairs of an update
    pairs: Count = 128  # of a word and one around it, an update
    learning_rate: Positive = 1.0  # of plain gradient descent


@register("word2vec-nce")
class NCE(Word2Vec):
    """Word2vec by noise-contrastive estimation, as in TensorFlow's tutorial."""

    Config = NCEConfig
    reproducible = "always"
    recipe = Training(
        epochs=1, batch_size=1, average=0, log_every=128, validate_every=0, compile="off"
    )
    tiny: ClassVar = {"size": 8, "candidates": 4, "pairs": 32}

    def networks(self) -> None:
        """Build the vectors, and a bias for each output."""
        field, config = self.spec["token"], self.config
        assert isinstance(field, Words)
        if config.candidates > (field.count - 1) // 4:
            raise UserError(
                f"more than a quarter of the {field.count - 1:,} words", setting="candidates",
                better=max(1, (field.count - 1) // 8),
            )  # fmt: skip
        self.vectors = Vectors(field.count, field.count, config.size)
        bias = nn.Embedding(field.count, 1, sparse=True)
        self.vectors.add_module("bias", bias)
        nn.init.uniform_(self.vectors.word.weight, -1, 1)
        deviation = config.size**-0.5
        nn.init.trunc_normal_(
            self.vectors.output.weight, std=deviation, a=-2 * deviation, b=2 * deviation
        )
        nn.init.zeros_(bias.weight)

    def remarks(self) -> list[str]:
        """Say nothing: there is no faster form."""
        return []

    def schedule(self, player: str, step: int) -> float:
        """Leave the rate as it is."""
        return 1.0

    def updates(self, batch: Tokens, step: int) -> Iterator[Update]:
        """Move by so many pairs at once, in the order of the text."""
        words = len(self.vectors.word.weight) - 1  # rank 0 is what is unknown; padding has none
        (middle, around), size = self.pairs(batch.token), self.config.pairs
        # a process whose passages have fewer pairs takes the last turns with none
        counts = processes.each(len(middle))
        for first in range(0, max(1, *counts), size):
            some, other = (rows[first : first + size] for rows in (middle, around))
            rank, tries = self.candidates(words)
            expected = [expected_count(log_uniform(r, words), tries) for r in (other - 1, rank)]
            vector, bias = self.vectors.word(some), self.vectors.get_submodule("bias")
            true = (vector * self.vectors.output(other)).sum(1) + bias(other)[:, 0]
            noise = vector @ self.vectors.output(rank + 1).T + bias(rank + 1)[:, 0]
            loss = noise_contrastive(true, noise, expected[0].float(), expected[1].float())
            # so that the mean over processes is the mean over the pairs of all of them
            pairs = sum(min(max(count - first, 0), size) for count in counts)
            own = loss * (len(some) * len(counts) / max(1, pairs))
            yield Update(self.vectors, own, loss=loss) if len(some) else Update(self.vectors, own)

    def pairs(self, token: Tensor) -> tuple[Tensor, Tensor]:
        """Return each word with each around it, [P] and [P], in the order of the text."""
        steps = [step for step in range(-self.config.window, self.config.window + 1) if step]
        around = torch.stack([_shifted(token, step) for step in steps], 2)
        middle = token[..., None].expand_as(around)
        there = (around > 0) & (middle > 0)
        return middle[there], around[there]

    def candidates(self, words: int) -> tuple[Tensor, int]:
        """Return the ranks of different words of noise [K], and the draws that it took."""
        drawn = torch.zeros(0, dtype=torch.int64, device=self.device)
        while True:
            chance = draw.uniform(
                4 * self.config.candidates, device=self.device, purpose="noise words"
            )
            more = ((words + 1.0) ** chance.double()).long() - 1
            drawn = torch.cat([drawn, more.clamp(0, words - 1)])
            same = (drawn[:, None] == drawn).tril(-1).any(1)
            first = (~same).nonzero()[:, 0]
            if len(first) >= self.config.candidates:
                chosen = first[: self.config.candidates]
                return drawn[chosen], int(chosen[-1]) + 1


def _shifted(token: Tensor, step: int) -> Tensor:
    """Return what stands so many places behind each word, padding beyond the ends."""
    found = torch.zeros_like(token)
    if step > 0:
        found[:, :-step] = token[:, step:]
    else:
        found[:, -step:] = token[:, :step]
    return found
