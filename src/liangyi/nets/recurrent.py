"""A recurrent generator of sentences, and a convolutional discriminator of them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.counts import many
from liangyi.core.errors import UserError

State = tuple[Tensor, Tensor]
START = 0  # what stands before the first word; the place tells it from the word 0
_AT_ONCE = 2**20  # numbers of one table of chances: it stays in a processor's cache
_BELOW = 1 - 2**-23  # of a whole, so that rounding does not pass it


class Writer(nn.Module):
    """An LSTM over words: p(word | words before it), in float32 whatever the step's precision.

    Args:
        vocabulary: number of different words.
        width: of the word vectors and of the LSTM.
        end: the word after which a sentence has no other; None: all fill their length.
    """

    def __init__(self, vocabulary: int, width: int, end: int | None = None) -> None:
        super().__init__()
        self.end = end
        self.embedding = nn.Embedding(vocabulary, width)
        self.cell = nn.LSTMCell(width, width)
        self.output = nn.Linear(width, vocabulary)

    def step(self, word: Tensor, state: State | None) -> State:
        """Read one word [N]; return the new state, h and c, each [N W]."""
        with _exact(word):
            found: State = self.cell(self.embedding(word), state)
        return found

    def read(self, token: Tensor) -> State:
        """Read sentences [N L]; return the states h and c [N L W] from which each word follows."""
        state: State | None = None
        states = []
        for word in nn.functional.pad(token[:, :-1], (1, 0), value=START).unbind(1):
            state = self.step(word, state)
            states.append(state)
        hidden, cell = zip(*states, strict=True)
        return torch.stack(hidden, 1), torch.stack(cell, 1)

    def forward(self, token: Tensor, temperature: float = 1.0) -> Tensor:
        """Return log p(word | words before it) of the words themselves, [N L] -> [N L].

        After the end of a sentence nothing else can come, which costs 0.
        """
        hidden, _ = self.read(token)
        with _exact(token):
            logits = self.output(hidden).flatten(0, 1) / temperature
            surprise = nn.functional.cross_entropy(logits, token.flatten(), reduction="none")
        return -surprise.view_as(token).masked_fill(self.after(token), 0.0)

    def after(self, token: Tensor) -> Tensor:
        """Return which places of sentences [N L] come after their end, [N L]."""
        if self.end is None:
            return torch.zeros_like(token, dtype=torch.bool)
        ends = token == self.end
        return ends.cumsum(1) > ends.long()

    def words(self, token: Tensor) -> Tensor:
        """Return how many words sentences [N L] have together, their ends among them."""
        return token.numel() - self.after(token).sum()

    def follow(self, hidden: Tensor, share: Tensor, temperature: float = 1.0) -> Tensor:
        """Return the words [N] that follow states h [N W], drawn by shares [N] in [0, 1).

        Logits are divided by the temperature: below 1 likely words become likelier still.
        """
        rows = max(1, _AT_ONCE // self.output.out_features)
        with _exact(hidden):
            words = [
                chosen(self.output(part) / temperature, own)
                for part, own in zip(hidden.split(rows), share.split(rows), strict=True)
            ]
        return torch.cat(words)

    def ended(self, word: Tensor, before: Tensor) -> Tensor:
        """Return words [N], or the end again where it stood before."""
        return word if self.end is None else word.masked_fill(before == self.end, self.end)

    def write(self, count: int, length: int, temperature: float = 1.0) -> Tensor:
        """Return `count` random sentences of `length` words."""
        word = torch.full((count,), START, device=self.output.weight.device)
        state: State | None = None
        words: list[Tensor] = []
        for share in draw.uniform(count, length, device=word.device).unbind(1):
            state = self.step(word, state)
            new = self.follow(state[0], share, temperature)
            word = self.ended(new, word) if words else new
            words.append(word)
        return torch.stack(words, 1)

    def finish(self, token: Tensor, tries: int) -> Tensor:
        """Complete every proper prefix of sentences [N L] at random, `tries` times.

        Nothing is read twice: each completion begins with the state that its prefix left, and those
        of all prefixes are written together.

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
            state = self.step(word.flatten(), (h.flatten(0, 2), c.flatten(0, 2)))
            # a row of random numbers belongs to a sentence, like all of its completions
            share = draw.uniform(len(token), tries, live, device=token.device).permute(2, 1, 0)
            word = self.ended(self.follow(state[0], share.flatten()), word.flatten())
            word, h, c = (x.unflatten(0, share.shape) for x in (word, *state))
            prefix = torch.arange(live, device=token.device)
            sentences[prefix, :, :, prefix + ahead] = word
        return sentences


def _exact(tensor: Tensor) -> torch.autocast:
    """Return where products of tensors of this device are of float32.

    With the eight bits of bfloat16, thousands of words would have one chance.
    """
    return torch.autocast(tensor.device.type, enabled=False)


def chosen(logits: Tensor, share: Tensor) -> Tensor:
    """Return the words [N] at which the summed probabilities of [N V] pass a share [N] in [0, 1).

    For a uniform share it is a draw from the probabilities. First a block of words is found, then
    the word in it: running sums over all words would take longer than everything else.
    """
    count = logits.shape[1]
    block = math.isqrt(count)
    chances = nn.functional.pad(logits.float().softmax(-1), (0, -count % block))
    blocks = chances.unflatten(1, (-1, block))
    total = blocks.sum(-1).cumsum_(-1)
    wanted = share[:, None] * total[:, -1:]
    place = _first_above(total, wanted)
    rest = wanted - nn.functional.pad(total, (1, 0)).gather(1, place)
    inside = blocks.gather(1, place[:, :, None].expand(-1, -1, block)).squeeze(1).cumsum_(-1)
    return (place * block + _first_above(inside, rest)).squeeze(1)


def _first_above(total: Tensor, wanted: Tensor) -> Tensor:
    """Return the first places [N 1] of running sums [N K] that are above what is wanted [N 1].

    It adds something to the sum, so a word of probability 0 is never chosen.
    """
    return torch.searchsorted(total, torch.minimum(wanted, total[:, -1:] * _BELOW), right=True)


class Window(nn.Conv1d):
    """Filters over all windows of some words: what each finds most, [N L W] -> [N F]."""

    def forward(self, words: Tensor) -> Tensor:
        """Return the highest answer of each filter in sentences of word vectors [N L W]."""
        # as a picture of one row whose channels lie side by side: faster than a sequence
        row = words.transpose(1, 2)[:, :, None]
        return nn.functional.conv2d(row, self.weight[:, :, None], self.bias).amax((2, 3))


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
        self.convolutions = nn.ModuleList(Window(width, f, w) for w, f in fitting)
        features = sum(f for _, f in fitting)
        self.highway = nn.Linear(features, 2 * features)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(features, 1)

    def forward(self, token: Tensor) -> Tensor:
        """Return logits [N] for sentences [N L]."""
        words = self.embedding(token)
        features = torch.cat([window(words) for window in self.convolutions], 1).relu()
        change, gate = self.highway(features).chunk(2, 1)
        gate = gate.sigmoid()
        features = gate * change.relu() + (1 - gate) * features
        logits: Tensor = self.output(self.dropout(features)).squeeze(1)
        return logits
