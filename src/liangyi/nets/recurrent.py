"""A recurrent generator of sentences, and a convolutional discriminator of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.counts import many
from liangyi.core.errors import UserError

State = tuple[Tensor, Tensor]
START = 0  # what stands before the first word; the place tells it from the word 0


class Writer(nn.Module):
    """An LSTM over words: p(word | words before it).

    Args:
        vocabulary: number of different words.
        width: of the word vectors and of the LSTM.
    """

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.cell = nn.LSTMCell(width, width)
        self.output = nn.Linear(width, vocabulary)

    def step(self, word: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Read one word [N]; return logits of the next [N V] and the new state, each [N W]."""
        state = self.cell(self.embedding(word), state)
        return self.output(state[0]), state

    def read(self, token: Tensor) -> State:
        """Read sentences [N L]; return the states h and c [N L W] from which each word follows."""
        state: State | None = None
        states = []
        for word in nn.functional.pad(token[:, :-1], (1, 0), value=START).unbind(1):
            state = self.cell(self.embedding(word), state)
            states.append(state)
        hidden, cell = zip(*states, strict=True)
        return torch.stack(hidden, 1), torch.stack(cell, 1)

    def forward(self, token: Tensor) -> Tensor:
        """Return log p(word | words before it) of the words themselves, [N L] -> [N L]."""
        hidden, _ = self.read(token)
        every = self.output(hidden).float().log_softmax(-1)
        return every.gather(2, token[:, :, None]).squeeze(2)

    def write(self, count: int, length: int) -> Tensor:
        """Return `count` random sentences of `length` words."""
        word = torch.full((count,), START, device=self.output.weight.device)
        state: State | None = None
        words = []
        for share in draw.uniform(count, length, device=word.device).unbind(1):
            logits, state = self.step(word, state)
            word = chosen(logits, share)
            words.append(word)
        return torch.stack(words, 1)

    def finish(self, token: Tensor, tries: int) -> Tensor:
        """Complete every proper prefix of sentences [N L] at random, `tries` times.

        Returns:
            Sentences [L-1 tries N L]; those at [t] share the words 0 ... t with the given ones.
        """
        length = token.shape[1]
        hidden, cell = self.read(token)
        sentences = token.repeat(length - 1, tries, 1, 1)
        # prefixes are first: row t has read the words 0 ... t - 1 and holds the word t
        word, h, c = (x[:, :-1].transpose(0, 1)[:, None] for x in (token, hidden, cell))
        word = word.expand(-1, tries, -1)
        h, c = (x.expand(-1, tries, -1, -1) for x in (h, c))
        for ahead in range(1, length):
            live = length - ahead  # longer prefixes are whole sentences by now
            word, h, c = word[:live], h[:live], c[:live]
            logits, (h, c) = self.step(word.flatten(), (h.flatten(0, 2), c.flatten(0, 2)))
            # a row of random numbers belongs to a sentence, like all of its completions
            share = draw.uniform(len(token), tries, live, device=token.device).permute(2, 1, 0)
            word = chosen(logits, share.flatten())
            word, h, c = (x.unflatten(0, share.shape) for x in (word, h, c))
            prefix = torch.arange(live, device=token.device)
            sentences[prefix, :, :, prefix + ahead] = word
        return sentences


def chosen(logits: Tensor, share: Tensor) -> Tensor:
    """Return the words [N] at which the summed probabilities of [N V] pass a share [N] in [0, 1).

    For a uniform share it is a draw from the probabilities.
    """
    total = logits.float().softmax(-1).cumsum_(-1)
    word = torch.searchsorted(total, share[:, None] * total[:, -1:], right=True).squeeze(1)
    return word.clamp(max=logits.shape[1] - 1)  # the product may round up to the whole


class Reader(nn.Module):
    """Windows of several lengths over the sentence, then a highway layer: Kim, arXiv:1408.5882.

    Args:
        vocabulary: number of different words.
        length: words a sentence.
        width: of the word vectors.
        windows: lengths of the windows; those longer than the sentence are left out.
        filters: for each window.
        dropout: before the last layer.

    Raises:
        UserError: windows and filters do not pair up, or no window fits into the sentence.
    """

    def __init__(
        self,
        vocabulary: int,
        length: int,
        width: int,
        windows: tuple[int, ...],
        filters: tuple[int, ...],
        dropout: float,
    ) -> None:
        super().__init__()
        if len(windows) != len(filters):
            raise UserError(
                f"{many(len(filters), 'number')} of filters for {many(len(windows), 'window')}; "
                "give one for each",
                setting="filters",
            )
        if min(windows, default=length + 1) > length:
            raise UserError(
                f"no window of {windows} fits into {many(length, 'word')}; try 1 2",
                setting="windows",
            )
        self.embedding = nn.Embedding(vocabulary, width)
        fitting = [(w, f) for w, f in zip(windows, filters, strict=True) if w <= length]
        self.convolutions = nn.ModuleList(nn.Conv1d(width, f, w) for w, f in fitting)
        features = sum(f for _, f in fitting)
        self.highway = nn.Linear(features, 2 * features)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(features, 1)

    def forward(self, token: Tensor) -> Tensor:
        """Return logits [N] for sentences [N L]."""
        words = self.embedding(token).transpose(1, 2)
        found = [conv(words).relu().amax(-1) for conv in self.convolutions]
        features = torch.cat(found, 1)
        change, gate = self.highway(features).chunk(2, 1)
        gate = gate.sigmoid()
        features = gate * change.relu() + (1 - gate) * features
        logits: Tensor = self.output(self.dropout(features)).squeeze(1)
        return logits
