"""Random numbers that are a function of (seed, step), however many processes share a batch.

Inside a training step the numbers come from one stream that all processes draw alike: each draws
for the joined batch and keeps its own rows, so two processes see the noise that one would have
seen. Elsewhere they come from PyTorch's global generator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from liangyi.core import processes

_GOLDEN = 0x9E3779B97F4A7C15  # spreads neighbouring (seed, step) pairs over the generator's states


def mix(*numbers: int) -> int:
    """Return one well-spread 63-bit seed for several small numbers (splitmix64)."""
    state = 0
    for number in numbers:
        state = (state ^ number) + _GOLDEN & 0xFFFFFFFFFFFFFFFF
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ state >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state >> 1


@dataclass(frozen=True)
class Wanted:
    """Random numbers that somebody asked for."""

    law: Callable[..., Tensor]  # torch.randn or torch.rand
    count: int
    shape: tuple[int, ...]
    device: torch.device | str


@dataclass
class _Stream:
    active: bool = False
    generator: torch.Generator | None = None
    noted: list[Wanted] | None = None  # what a step asks for, while somebody wants to know
    given: Iterator[Tensor] | None = None  # what it gets instead of new numbers


_stream = _Stream()


@contextmanager
def fixed(seed: int, device: torch.device) -> Iterator[None]:
    """Make PyTorch's own random numbers a function of the seed; restore the caller's after."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        # not torch.manual_seed: for a GPU that nobody uses it writes down a traceback each time
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            torch.cuda.manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        yield


@contextmanager
def step(seed: int, number: int, device: torch.device) -> Iterator[None]:
    """Make all random numbers inside a function of (seed, number); restore the caller's after."""
    if _stream.generator is None or _stream.generator.device != device:
        _stream.generator = torch.Generator(device)
    state = torch.get_rng_state()
    torch.default_generator.manual_seed(mix(seed, number, 1 + processes.rank()))  # dropout
    if device.type == "cuda":
        torch.cuda.manual_seed(mix(seed, number, 1 + processes.rank()))
    # 0: the order of the data is made from mix(seed, pass), a law's points from mix(seed, number)
    _stream.generator.manual_seed(mix(seed, number, 0))
    _stream.active = True
    try:
        yield
    finally:
        _stream.active = False
        torch.set_rng_state(state)


def normal(count: int, *shape: int, device: torch.device | str = "cpu") -> Tensor:
    """Draw N(0, 1) of shape [count, *shape]."""
    return _drawn(Wanted(torch.randn, count, shape, device))


def uniform(count: int, *shape: int, device: torch.device | str = "cpu") -> Tensor:
    """Draw U(0, 1) of shape [count, *shape]."""
    return _drawn(Wanted(torch.rand, count, shape, device))


def _drawn(wanted: Wanted) -> Tensor:
    law, count, shape, device = wanted.law, wanted.count, wanted.shape, wanted.device
    if not _stream.active:
        return law(count, *shape, device=device)
    if _stream.given is not None:
        return next(_stream.given)
    if _stream.noted is not None:
        _stream.noted.append(wanted)
    rows = law(count * processes.world(), *shape, device=device, generator=_stream.generator)
    return rows if len(rows) == count else rows[processes.rank() * count :][:count]


@contextmanager
def noted() -> Iterator[list[Wanted]]:
    """Note what is drawn inside; the list is complete at the end."""
    _stream.noted = []
    try:
        yield _stream.noted
    finally:
        _stream.noted = None


def again(wanted: Sequence[Wanted]) -> list[Tensor]:
    """Draw what was noted, in the same order: in the same step, the same numbers."""
    return [_drawn(one) for one in wanted]


@contextmanager
def given(numbers: Sequence[Tensor]) -> Iterator[None]:
    """Hand out these numbers inside instead of drawing."""
    _stream.given = iter(numbers)
    try:
        yield
    finally:
        _stream.given = None


def integers(high: int, count: int, device: torch.device | str = "cpu") -> Tensor:
    """Draw integers 0 ... high - 1 of shape [count]."""
    return (uniform(count, device=device) * high).long().clamp(max=high - 1)


def loop(stops: Tensor, count: int) -> Tensor:
    """Return `count` evenly spaced codes [count D] on a closed walk through stops [S D].

    Between two stops it turns at an even rate and changes its length evenly (spherical
    interpolation), so that codes in between are as likely as the stops.
    """
    place = torch.arange(count, device=stops.device) * (len(stops) / count)
    here, there = place.long(), (place.long() + 1) % len(stops)
    share = (place - here)[:, None]
    start, end = stops[here], stops[there]
    length = torch.lerp(start.norm(dim=1, keepdim=True), end.norm(dim=1, keepdim=True), share)
    start, end = torch.nn.functional.normalize(start), torch.nn.functional.normalize(end)
    angle = (start * end).sum(1, keepdim=True).clamp(-1, 1).acos().clamp(min=1e-4)
    mixed = ((1 - share) * angle).sin() * start + (share * angle).sin() * end
    return length * mixed / angle.sin()
