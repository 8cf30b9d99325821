"""Word2vec, hierarchical softmax: words are found in a tree, one turn after the other.

Mikolov, Sutskever, Chen, Corrado and Dean, arXiv:1310.4546, section 2.1, equation 3; the tree is
Huffman's, so that frequent words are near the root (section 2.1). Each word around the middle of a
window must say at each inner node n on the way to the middle word whether it turns left:

    max  sum_windows sum_around sum_n  log sigma(+-u_n . v)

Changed from `word2vec`: outputs are the inner nodes of a tree, and there is no noise.

Departures: what `word2vec` keeps of frequent words, kept here too.
"""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core.registry import register
from liangyi.nets.huffman import huffman
from liangyi.nets.words import KNOWN, Vectors
from liangyi.zoo.sequences.word2vec import Word2Vec


@register("word2vec-tree")
class Tree(Word2Vec):
    """Word2vec, hierarchical softmax: words are found in a tree, one turn after the other."""

    noises = 0

    def outputs(self, counts: Tensor) -> None:
        """Say which turns lead to each word; and make the vectors of words and of inner nodes."""
        paths = huffman([int(count) for count in counts[KNOWN:].tolist()])
        padded = [torch.cat([part[:KNOWN] * 0, part]) for part in paths]
        self.keep_outputs(*padded)
        self.vectors = Vectors(len(counts), max(1, len(counts) - KNOWN - 1), self.config.size)
