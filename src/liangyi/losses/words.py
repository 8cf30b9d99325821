"""Losses of word vectors: told apart from noise, or found in a tree."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def told_apart(scores: Tensor, target: Tensor, counted: Tensor) -> Tensor:
    """Return -log sigma(s) where the target is 1 and -log sigma(-s) where it is 0; a sum.

    Of a word (1) and words of noise (0) this is negative sampling, Mikolov et al., arXiv:1310.4546,
    equation 4; of the turns on the way to a word it is the hierarchical softmax, equation 3.

    Args:
        scores: inner products, of any shape.
        target: 1 or 0, of a shape that broadcasts to it.
        counted: which count, of a shape that broadcasts to it.
    """
    target = target.to(scores.dtype).expand_as(scores)
    each = binary_cross_entropy_with_logits(scores, target, reduction="none")
    return (each * counted).sum()


def noise_contrastive(
    true: Tensor, noise: Tensor, expected_true: Tensor, expected_noise: Tensor
) -> Tensor:
    """Return the noise-contrastive loss of examples; the mean of their sums over all candidates.

    Mnih and Teh, arXiv:1206.6426, equation 8: a word is told from words of noise by its score less
    the logarithm of how often noise brings it; the model learns to be normalised by itself. Of no
    examples it is 0.

    Args:
        true: scores of the true words, [N].
        noise: scores of noise that all examples share, [N K].
        expected_true: expected count of each true word among the noise, [N].
        expected_noise: likewise of each word of noise, [K].
    """
    loss = -torch.nn.functional.logsigmoid(true - expected_true.log())
    loss = loss + torch.nn.functional.softplus(noise - expected_noise.log()).sum(1)
    return loss.sum() / max(1, len(loss))


def log_uniform(rank: Tensor, words: int) -> Tensor:
    """Return the probability of words by their rank, 0 ... words - 1: nearly Zipf's law."""
    rank = rank.double()
    return ((rank + 2) / (rank + 1)).log() / math.log(words + 1)


def expected_count(probability: Tensor, tries: int) -> Tensor:
    """Return how often a word is among the different words of so many tries: at most once."""
    return -torch.expm1(tries * torch.log1p(-probability))
