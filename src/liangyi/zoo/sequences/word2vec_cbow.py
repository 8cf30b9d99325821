"""Word2vec, CBOW: the mean of the words around must tell the word in the middle from noise.

Mikolov, Chen, Corrado and Dean, "Efficient estimation of word representations in vector space",
arXiv:1301.3781, section 3.1; the loss is that of arXiv:1310.4546, equation 4:

    max  sum_windows  log sigma(u_middle . v) + sum_k log sigma(-u_k . v),  v = mean of those around

Changed from `word2vec`: a window is one example, asked by the mean of its words.

Departures: those of `word2vec`; the gradient of the mean is shared out among its words, where the
authors' code gives all of it to each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from liangyi.core.config import Positive
from liangyi.core.registry import register
from liangyi.zoo.sequences.word2vec import Word2Vec, Word2VecConfig


@dataclass(frozen=True, kw_only=True)
class CBOWConfig(Word2VecConfig):
    """Settings of CBOW."""

    learning_rate: Positive = 0.2  # at the first step; falls evenly to a 250th at the last


@register("word2vec-cbow")
class CBOW(Word2Vec):
    """Word2vec, CBOW: the mean of the words around must tell the word in the middle from noise."""

    Config = CBOWConfig
    together: ClassVar[bool] = True
