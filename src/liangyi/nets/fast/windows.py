"""Word vectors moved window after window, without locks, compiled by numba.

The same as stochastic gradient descent on each window in turn (`nets/windows.py` and
`losses/words.py` say of what); threads share the vectors and do not wait for each other (Niu et
al., "Hogwild", arXiv:1106.5730), so only one thread gives the same bits twice. What a window reads
of the output vectors it reads once, and writes once, whatever the number of its words.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any, NamedTuple, no_type_check

import numpy as np
import torch
from torch import Tensor

from liangyi.nets.windows import FIRST, KEEP, NOISE, ONE, PURPOSES, SECOND, STEP, WIDTH

Array = Any  # numpy's, inside of what numba compiles
_BOUND, _FINE = 8, 128  # scores are looked up from -8 to 8, at 128 places each, and in between


class Law(NamedTuple):
    """What decides which words meet, as tensors on the CPU."""

    keep: Tensor  # as `windows` wants it
    share: Tensor  # of the noise
    alias: Tensor
    node: Tensor  # [V P], int32: outputs that each word is asked about
    turn: Tensor  # [V P], float32: and what they should say
    length: Tensor  # [V], int32: how many those are
    window: int
    noise: int
    together: bool  # the words of a window ask as their mean, not one by one


def available() -> bool:
    """Whether numba is there."""
    return find_spec("numba") is not None


def move(
    token: Tensor, seeds: Tensor, word: Tensor, output: Tensor, law: Law, rate: float, threads: int
) -> tuple[float, int]:
    """Move vectors by every window of passages; return the sum of the losses and of examples.

    Args:
        token: passages [N L].
        seeds: of the passages, [N].
        word: vectors of words [V D], float32; moved.
        output: vectors of outputs [O D], float32; moved.
        law: which words meet.
        rate: learning rate.
        threads: that share the passages.
    """
    tables = [tensor.detach().numpy() for tensor in law[:6]]
    given = (token.int().numpy(), seeds.numpy().view(np.uint64), word.detach().numpy(),
             output.detach().numpy(), *tables, *_tables(), law.window, law.noise, law.together,
             np.float32(rate))  # fmt: skip
    loop, count = _loop(), len(token)
    threads = max(1, min(threads, count))
    ends = [count * n // threads for n in range(threads + 1)]
    parts = list(itertools.pairwise(ends))
    if threads == 1:
        found = [loop(0, count, *given)]
    else:
        # numba lets go of Python's lock
        found = list(_pool(threads).map(lambda part: loop(*part, *given), parts))
    return sum(loss for loss, _ in found), sum(examples for _, examples in found)


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads that live on: new ones for some milliseconds would not leave a busy core."""
    return ThreadPoolExecutor(threads, thread_name_prefix="windows")


@functools.cache
def _tables() -> tuple[Array, Array]:
    """Return the logistic function, and -log of it, where scores are looked up."""
    x = torch.arange(2 * _BOUND * _FINE + 2, device="cpu").double() / _FINE - _BOUND
    return x.sigmoid().float().numpy(), torch.nn.functional.softplus(-x).float().numpy()


@functools.cache
def _loop() -> Callable[..., tuple[float, int]]:
    import numba

    # sums may be taken in any order; what is no number stays none
    free = {"reassoc", "contract", "arcp", "nsz"}
    fast = functools.partial(numba.njit, nogil=True, fastmath=free)
    try:
        return _compiled(functools.partial(fast, cache=True))
    except RuntimeError:  # nowhere may it keep what it has compiled
        return _compiled(fast)


def _compiled(jit: Any) -> Callable[..., tuple[float, int]]:
    apart = jit(_apart(jit(_looked_up)))
    found: Callable[..., tuple[float, int]] = jit(_made(jit(_hash), apart, jit(_added)))
    return found


def _hash(seed: Any, place: int, purpose: int) -> Any:
    x = seed + np.uint64(place * PURPOSES + purpose) * np.uint64(STEP)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(FIRST)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(SECOND)
    return x ^ (x >> np.uint64(31))


def _looked_up(table: Array, score: Any) -> Any:
    place = (score + np.float32(_BOUND)) * np.float32(_FINE)
    index = int(place)
    return table[index] + (table[index + 1] - table[index]) * (place - np.float32(index))


def _made(hashed: Any, told_apart: Any, added: Any) -> Callable[..., Any]:
    """Return the loop over passages `first` ... `last`, of functions that numba has compiled."""

    @no_type_check  # numba finds the types
    def loop(
        first, last, token, seeds, word, output, keep, share, alias, node, turn, length,
        sigmoid, cost, window, noise, together, rate,
    ):  # fmt: skip
        most, size = node.shape[1] + noise + 3, word.shape[1]
        rows, targets = np.empty(most, np.int64), np.empty(most, np.float32)
        push = np.empty(most, np.float32)
        read, change = np.empty((most, size), np.float32), np.empty((most, size), np.float32)
        error, mean = np.empty(size, np.float32), np.empty(size, np.float32)
        kept = np.empty(token.shape[1], np.int64)
        loss, examples = 0.0, 0
        for passage in range(first, last):
            seed, count = seeds[passage], 0
            for place in range(token.shape[1]):
                here = token[passage, place]
                chance = (hashed(seed, place, KEEP) >> np.uint64(40)) & np.uint64(ONE - 1)
                if np.int64(chance) < keep[here]:
                    kept[count] = here
                    count += 1
            for place in range(count):
                centre = kept[place]
                bits = hashed(seed, place, WIDTH) >> np.uint64(32)
                reach = 1 + np.int64((bits * np.uint64(window)) >> np.uint64(32))
                low, high = max(0, place - reach), min(count, place + reach + 1)
                if high - low < 2:
                    continue
                asked = 0
                for n in range(length[centre]):
                    rows[asked], targets[asked] = node[centre, n], turn[centre, n]
                    asked += 1
                for n in range(noise):
                    bits = hashed(seed, place, NOISE + n)
                    found = np.int64(((bits >> np.uint64(32)) * np.uint64(len(share)))
                                     >> np.uint64(32))  # fmt: skip
                    if np.int64(bits & np.uint64(ONE - 1)) >= share[found]:
                        found = np.int64(alias[found])
                    if found != centre:
                        rows[asked], targets[asked] = found, 0.0
                        asked += 1
                for n in range(asked):
                    vector = output[rows[n]]
                    for d in range(size):
                        read[n, d] = vector[d]
                        change[n, d] = 0.0
                read[asked : asked + 3] = 0.0
                if together:
                    part = np.float32(1 / (high - low - 1))
                    mean[:] = 0.0
                    for other in range(low, high):
                        if other != place:
                            added(mean, word[kept[other]], part)
                    loss += told_apart(mean, read, change, error, targets, push, asked, rate,
                                       sigmoid, cost)  # fmt: skip
                    for other in range(low, high):
                        if other != place:
                            added(word[kept[other]], error, part)
                    examples += 1
                else:
                    for other in range(low, high):
                        if other != place:
                            vector = word[kept[other]]
                            loss += told_apart(vector, read, change, error, targets, push, asked,
                                               rate, sigmoid, cost)  # fmt: skip
                            added(vector, error, np.float32(1))
                            examples += 1
                for n in range(asked):
                    added(output[rows[n]], change[n], np.float32(1))
        return loss, examples

    return loop


def _added(to: Array, what: Array, part: Any) -> None:
    for d in range(len(to)):
        to[d] += part * what[d]


def _apart(looked_up: Any) -> Callable[..., Any]:
    """Return what one example does: its loss, and the changes of both sides."""

    @no_type_check
    def told_apart(vector, read, change, error, targets, push, asked, rate, sigmoid, cost):
        loss, size, zero = 0.0, len(vector), np.float32(0)
        # four outputs at once, so that what they share is loaded once; behind the last are zeros
        for n in range(0, asked, 4):
            s0 = s1 = s2 = s3 = zero
            for d in range(size):
                x = vector[d]
                s0 += x * read[n, d]
                s1 += x * read[n + 1, d]
                s2 += x * read[n + 2, d]
                s3 += x * read[n + 3, d]
            push[n], push[n + 1], push[n + 2], push[n + 3] = s0, s1, s2, s3
        for n in range(asked):
            score = push[n]
            if score > _BOUND:
                score = np.float32(_BOUND)
            elif not score >= -_BOUND:  # nor is it a number
                score = np.float32(-_BOUND)
            push[n] = rate * (targets[n] - looked_up(sigmoid, score))
            loss += looked_up(cost, score) + (1 - targets[n]) * score
        error[:] = zero
        for n in range(0, asked, 4):
            p0, p1, p2, p3 = push[n], push[n + 1], push[n + 2], push[n + 3]
            for d in range(size):
                error[d] += (
                    p0 * read[n, d]
                    + p1 * read[n + 1, d]
                    + p2 * read[n + 2, d]
                    + p3 * read[n + 3, d]
                )
        for n in range(asked):
            p0 = push[n]
            for d in range(size):
                change[n, d] += p0 * vector[d]
        return loss

    return told_apart
