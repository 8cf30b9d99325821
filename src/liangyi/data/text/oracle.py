"""Sentences of a random LSTM, made on the spot: a language whose exact probabilities are known.

Yu et al., "SeqGAN", arXiv:1609.05473, section 5: all weights of the oracle are N(0, 1), sentences
have 20 words of 5,000, and 10,000 of them are the training set. Because the oracle can price any
sentence, a generator is judged by the oracle's negative log-likelihood per word of its sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from liangyi.core import capacity, draw
from liangyi.core.config import Config
from liangyi.core.spec import Spec, Words
from liangyi.data.columns import Columns
from liangyi.data.source import Source, source

ITEMS = 10_000
_WIDTH = 32
_CPU = torch.device("cpu")
_VERSION = 3  # to be raised whenever the same settings would give other sentences


@dataclass(frozen=True, kw_only=True)
class OracleConfig(Config):
    """The size of the language."""

    vocabulary: Annotated[int, Ge(1), Le(50_000)] = 5000  # different words
    length: Annotated[int, Ge(1), Le(1000)] = 20  # words a sentence


@source("oracle", "sentences of a random LSTM, made on the spot, law known")
class Oracle(Source):
    """The random LSTM and what it wrote: two independent draws of 10,000 sentences."""

    Config = OracleConfig

    def __init__(self, config: OracleConfig | None = None) -> None:
        super().__init__(config)
        vocabulary = self.config.vocabulary
        _check(vocabulary, self.config.length)
        with draw.seeded(0, "language", device=_CPU), torch.no_grad():
            self.embedding = nn.Embedding(vocabulary, _WIDTH)
            self.cell = nn.LSTMCell(_WIDTH, _WIDTH)
            self.output = nn.Linear(_WIDTH, vocabulary)
            for module in (self.embedding, self.cell, self.output):
                for weight in module.parameters():
                    nn.init.normal_(weight)

    def spec(self) -> Spec:
        """Return what a sentence looks like."""
        return Spec("token", token=Words(self.config.length, self.config.vocabulary))

    def fingerprint(self, split: str) -> str:
        """Name the language."""
        return f"oracle-{self.config.vocabulary}x{self.config.length}-{split}-0-{_VERSION}"

    @torch.no_grad()
    def items(self, split: str) -> Columns:
        """Write the sentences of a split."""
        word, state, words = torch.zeros(ITEMS, dtype=torch.long, device="cpu"), None, []
        with draw.seeded(0, f"{split} sentences", device=_CPU):
            for _ in range(self.config.length):
                state = self.cell(self.embedding(word), state)
                word = _drawn(self.output(state[0]).softmax(-1))
                words.append(word)
        return {"token": torch.stack(words, 1)}

    @torch.no_grad()
    def truth(self, items: Tensor) -> dict[str, float]:
        """Return `oracle_nll`: nats per word that the oracle gives to sentences [N L]."""
        items = items.cpu()
        word, state, total = torch.zeros(len(items), dtype=torch.long, device="cpu"), None, 0.0
        for target in items.unbind(1):
            state = self.cell(self.embedding(word), state)
            total += float(nn.functional.cross_entropy(self.output(state[0]), target))
            word = target
        return {"oracle_nll": total / items.shape[1]}


def _drawn(share: Tensor) -> Tensor:
    """Draw one word of each law [N W]: the first up to which the shares add up to more than luck.

    `multinomial` means the same and draws a number for each word, most of an oracle's time.
    """
    upto = share.cumsum(-1)
    luck = torch.rand(len(share), 1, device=share.device) * upto[:, -1:]
    return torch.searchsorted(upto, luck, right=True).squeeze(1).clamp(max=share.shape[1] - 1)


def _check(vocabulary: int, length: int) -> None:
    """Make sure that the language and its sentences fit into memory."""
    weights = 4 * vocabulary * (2 * _WIDTH + 1)
    word = 3 * 4 * ITEMS * vocabulary  # logits of the next word, its law, and what draws from it
    what = f"{ITEMS:,} sentences of {length:,} words of {vocabulary:,}"
    size = weights + word + 2 * 8 * ITEMS * length
    capacity.demand_memory(size, what, "give a smaller vocabulary or length")
