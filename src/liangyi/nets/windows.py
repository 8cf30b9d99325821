"""Windows of a text: which words are looked at together, and with which words of noise.

Every random choice is a hash of (seed of the passage, place, purpose), so that the plain form here
and the compiled one of `nets/fast/windows.py` make the same choices.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

KEEP, WIDTH, NOISE = 0, 1, 2  # purposes; noise word j has the purpose NOISE + j
PURPOSES = 64  # of one place, at most
STEP, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB  # of SplitMix64
ONE = 2**24  # a probability of 1


class Noise(NamedTuple):
    """A law of words, drawn from by Walker's alias method: two numbers a word."""

    share: Tensor  # [V], int64: of ONE, with which a drawn word is taken; else its alias is
    alias: Tensor  # [V], int32

    @classmethod
    def of(cls, weights: Tensor) -> Noise:
        """Return the law whose probabilities are proportional to weights [V] >= 0."""
        count = len(weights)
        share = (weights.double() * (count / weights.double().sum())).tolist()
        alias = list(range(count))
        low = [n for n, p in enumerate(share) if p < 1]
        high = [n for n, p in enumerate(share) if p >= 1]
        while low and high:
            small, large = low.pop(), high[-1]
            alias[small] = large
            share[large] -= 1 - share[small]
            if share[large] < 1:
                low.append(high.pop())
        for left in (*low, *high):  # what rounding has left
            share[left] = 1.0
        shares = torch.tensor(share, dtype=torch.float64, device="cpu")
        return cls(
            (shares * ONE).round().long().to(weights.device),
            torch.tensor(alias, dtype=torch.int32, device=weights.device),
        )


def kept(counts: Tensor, sample: float) -> Tensor:
    """Return the chances [V] of ONE that words are kept: sqrt(t / f) + t / f, at most all.

    Args:
        counts: how often each occurs, float64; what never does is never kept.
        sample: t, the share of the text above which words are dropped; 0: none are.
    """
    share = (counts / counts.sum()).clamp(min=1e-300)
    chance = (sample / share).sqrt() + sample / share if sample else torch.ones_like(share)
    return (torch.where(counts > 0, chance.clamp(max=1), 0.0) * ONE).round().long()


class Windows(NamedTuple):
    """Words with those around them."""

    centre: Tensor  # [M]
    context: Tensor  # [M 2W], words before and after
    there: Tensor  # [M 2W], which of them are in the window
    noise: Tensor  # [M K], words of the noise's law, shared by the whole window

    def parts(self, count: int) -> list[Windows]:
        """Return so many parts, as equal as can be."""
        parts = [column.tensor_split(count) for column in self]
        return [Windows(*columns) for columns in zip(*parts, strict=True)]


def windows(
    token: Tensor, seeds: Tensor, keep: Tensor, noise: Noise, most: int, count: int
) -> Windows:
    """Return the windows of passages: of a random width each, in a text without dropped words.

    Words are dropped as in Mikolov et al., arXiv:1310.4546, section 2.3; the widths are those of
    arXiv:1301.3781, section 3.2.

    Args:
        token: passages [N L].
        seeds: of the passages, [N], int64.
        keep: of ONE, with which each word is kept, [V], int64.
        noise: law of the noise.
        most: words on each side, at most.
        count: words of noise.
    """
    device = token.device
    places = torch.arange(token.shape[1], device=device)
    kept = (mixed(seeds[:, None], places, KEEP) >> 40) & (ONE - 1) < keep[token]
    passage, _ = kept.nonzero(as_tuple=True)
    word, place, seed = token[kept], (kept.cumsum(1) - 1)[kept], seeds[passage]
    width = 1 + (_upper(mixed(seed, place, WIDTH)) * most >> 32)
    steps = torch.cat(
        [torch.arange(-most, 0, device=device), torch.arange(1, most + 1, device=device)]
    )
    index = torch.arange(len(word), device=device)[:, None] + steps
    inside = (index >= 0) & (index < len(word)) & (steps.abs() <= width[:, None])
    index = index.clamp(0, max(0, len(word) - 1))
    inside &= passage[index] == passage[:, None]
    purposes = NOISE + torch.arange(count, device=device)
    drawn = mixed(seed[:, None], place[:, None], purposes)
    found = _upper(drawn) * len(noise.share) >> 32
    taken = torch.where((drawn & (ONE - 1)) < noise.share[found], found, noise.alias[found].long())
    return Windows(word, word[index], inside, taken)


def mixed(seed: Tensor, place: Tensor, purpose: int | Tensor) -> Tensor:
    """Return 64 random bits for a purpose at a place, as int64: SplitMix64.

    Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
    """
    x = seed + (place * PURPOSES + purpose) * _signed(STEP)
    x = (x ^ _right(x, 30)) * _signed(FIRST)
    x = (x ^ _right(x, 27)) * _signed(SECOND)
    return x ^ _right(x, 31)


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _right(x: Tensor, bits: int) -> Tensor:
    """Shift right, zeros coming from the left."""
    return (x >> bits) & (2 ** (64 - bits) - 1)


def _upper(x: Tensor) -> Tensor:
    return _right(x, 32)
