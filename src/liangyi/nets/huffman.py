"""Huffman's code of words: the more frequent a word, the shorter its way from the root."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Paths(NamedTuple):
    """The way to each word through the inner nodes of a binary tree."""

    node: Tensor  # [V P], int32: inner nodes from the root on, padded by 0
    turn: Tensor  # [V P], float32: 1 where the way turns left, 0 where it turns right
    length: Tensor  # [V], int32


def huffman(counts: Sequence[int]) -> Paths:
    """Return the ways of words by how often they occur; a tree of V words has V - 1 inner nodes."""
    words = len(counts)
    heap = [(count, n) for n, count in enumerate(counts)]
    heapq.heapify(heap)
    parent, left = [0] * (2 * words - 1), [False] * (2 * words - 1)
    for node in range(words, 2 * words - 1):
        (one, first), (other, second) = heapq.heappop(heap), heap[0]
        parent[first], left[first] = node, True
        parent[second] = node
        heapq.heapreplace(heap, (one + other, node))
    root = 2 * words - 2
    ways = []
    for word in range(words):
        way, here = [], word
        while here != root:
            way.append((root - parent[here], float(left[here])))
            here = parent[here]
        ways.append(way[::-1])
    most = max(1, *map(len, ways))
    padded = [way + [(0, 0.0)] * (most - len(way)) for way in ways]
    table = torch.tensor(padded, device="cpu")
    lengths = torch.tensor([len(way) for way in ways], dtype=torch.int32, device="cpu")
    return Paths(table[..., 0].int(), table[..., 1].float(), lengths)
