"""Sentences of a random LSTM, made on the spot: a language whose exact probabilities are known.

Yu et al., "SeqGAN", arXiv:1609.05473, section 5: all weights of the oracle are N(0, 1), sentences
have 20 words of 5,000, and 10,000 of them are the training set. Because the oracle can price any
sentence, a generator is judged by the oracle's negative log-likelihood per word of its sentences.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Spec
from liangyi.data.dataset import Dataset
from liangyi.data.places import need

ITEMS = 10_000
_WIDTH = 32
_VERSION = 2  # to be raised whenever the same settings would give other sentences


class Oracle(Dataset):
    """The random LSTM and what it wrote.

    Args:
        vocabulary: number of different words.
        length: words a sentence.
        split: `train` or `test`, two independent draws of 10,000 sentences.
        seed: decides the language.
    """

    def __init__(self, vocabulary: int, length: int, split: str, seed: int = 0) -> None:
        _check(vocabulary, length)
        cpu = torch.device("cpu")
        with draw.seeded(seed, "language", device=cpu), torch.no_grad():
            self.embedding = nn.Embedding(vocabulary, _WIDTH)
            self.cell = nn.LSTMCell(_WIDTH, _WIDTH)
            self.output = nn.Linear(_WIDTH, vocabulary)
            for module in (self.embedding, self.cell, self.output):
                for weight in module.parameters():
                    nn.init.normal_(weight)
        with draw.seeded(seed, f"{split} sentences", device=cpu), torch.no_grad():
            token = self._write(ITEMS, length)
        name = f"oracle-{vocabulary}x{length}-{split}-{seed}-{_VERSION}"
        super().__init__(
            Spec(kind="Tokens", shape=(length,), vocabulary=vocabulary), {"token": token}, name
        )

    def _write(self, count: int, length: int) -> Tensor:
        word, state, words = torch.zeros(count, dtype=torch.long, device="cpu"), None, []
        for _ in range(length):
            state = self.cell(self.embedding(word), state)
            word = self.output(state[0]).softmax(-1).multinomial(1).squeeze(1)
            words.append(word)
        return torch.stack(words, 1)

    @torch.no_grad()
    def judge(self, samples: Tensor) -> dict[str, float]:
        """Return `oracle_nll`: nats per word that the oracle gives to sentences [N L]."""
        samples = samples.cpu()
        word, state, total = samples.new_zeros(len(samples), dtype=torch.long), None, 0.0
        for target in samples.unbind(1):
            state = self.cell(self.embedding(word), state)
            total += float(nn.functional.cross_entropy(self.output(state[0]), target))
            word = target
        return {"oracle_nll": total / samples.shape[1]}

    def _like(self, columns: Mapping[str, Tensor]) -> Dataset:
        return Dataset(self.spec, columns, self.fingerprint)


def _check(vocabulary: int, length: int) -> None:
    """Make sure that the language and its sentences fit into memory."""
    weights = 4 * vocabulary * (2 * _WIDTH + 1)
    word = 3 * 4 * ITEMS * vocabulary  # logits of the next word, its law, and what draws from it
    what = f"{ITEMS:,} sentences of {length:,} words of {vocabulary:,}"
    need(weights + word + 2 * 8 * ITEMS * length, what, "give a smaller --vocabulary or --length")
