"""Random numbers: every purpose has a stream of its own, a hash of (seed, purpose, number).

No two purposes share one, so the noise of a seed is not the first weights of that seed. Noise is
drawn by `normal` and `uniform`, and how it comes depends on where one is:

- inside a training step from one stream that all processes draw alike: each draws for the joined
  batch and keeps its own rows, so two processes see the noise that one would have seen;
- inside a verb in blocks of rows, each from a stream of its own, so that row 17 of seed 3 is the
  same however many are drawn, and a set that is drawn in parts is the set drawn at once;
- elsewhere from PyTorch's own generator.

What draws from PyTorch's own generator (dropout, first weights) finds it in the state that the
purpose wants, and the caller finds it again as it was.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from liangyi.core import processes
from liangyi.core.errors import UserError

_BLOCK = 64  # rows that are drawn together inside a verb
_NOISE = "noise"  # the purpose where none is said


def key(seed: int, purpose: str, *numbers: int) -> int:
    """Return the 63-bit seed of one stream: what `seed` means for this purpose and numbers."""
    text = "/".join(map(str, (seed, purpose, *numbers)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(
    seed: int, purpose: str, *numbers: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Return a new generator at the beginning of one stream.

    On the CPU it uses 32 bits of the key: of 100,000 streams perhaps one pair is alike.
    """
    # tensors of the meta device have no values; somebody must still seem to draw them
    place = "cpu" if str(device) == "meta" else device
    return torch.Generator(place).manual_seed(key(seed, purpose, *numbers))


@contextmanager
def seeded(seed: int, purpose: str, *numbers: int, device: torch.device) -> Iterator[None]:
    """Put PyTorch's own generators at the beginning of a stream; restore the caller's after.

    Not by torch.manual_seed: for a GPU that nobody uses it writes down a traceback each time.
    """
    generators = _generators(device)
    before = [one.get_state() for one in generators]
    try:
        for one in generators:
            one.manual_seed(key(seed, purpose, *numbers))
        yield
    finally:
        for one, state in zip(generators, before, strict=True):
            one.set_state(state)


def _generators(device: torch.device) -> list[torch.Generator]:
    """Return PyTorch's own generators that work on a device may draw from: two with a GPU."""
    found: list[torch.Generator] = [torch.default_generator]
    if device.type in ("cuda", "xpu"):
        module = getattr(torch, device.type)
        module.init()
        place = module.current_device() if device.index is None else device.index
        found.append(module.default_generators[place])
    elif device.type == "mps":
        found.append(torch.mps._get_default_mps_generator())
    return found


@dataclass(frozen=True)
class Wanted:
    """Random numbers that somebody asked for."""

    law: Callable[..., Tensor]  # torch.randn or torch.rand
    count: int
    shape: tuple[int, ...]
    device: torch.device | str
    purpose: str  # each has a stream of its own

    def drawn(self, count: int, generator: torch.Generator | None) -> Tensor:
        """Draw so many rows."""
        return self.law(count, *self.shape, device=self.device, generator=generator)


class _Step:
    """The noise of a training step."""

    def __init__(self, stream: Callable[[str], torch.Generator]) -> None:
        self.stream = stream
        self.streams: dict[str, torch.Generator] = {}  # of the purposes that were met so far
        self.noted: list[Wanted] | None = None  # what is asked for, while somebody wants to know
        self.given: Iterator[Tensor] | None = None  # what is handed out instead of new numbers

    def first(self, count: int) -> int:
        return processes.rank() * count

    def rows(self, wanted: Wanted) -> Tensor:
        if self.given is not None:
            return next(self.given)
        if self.noted is not None:
            self.noted.append(wanted)
        if wanted.purpose not in self.streams:
            self.streams[wanted.purpose] = self.stream(wanted.purpose)
        rows = wanted.drawn(wanted.count * processes.world(), self.streams[wanted.purpose])
        return rows[self.first(wanted.count) :][: wanted.count]


class _Verb:
    """The noise of a verb: call k draws block b of its rows from a stream of (seed, k, b)."""

    def __init__(self, seed: int, first: int, truncation: float | None) -> None:
        self.seed = seed
        self.start = first
        self.calls: dict[str, int] = {}  # of each purpose
        self.truncation = truncation
        self.truncated = False  # whether anything was

    def first(self, count: int) -> int:
        return self.start

    def rows(self, wanted: Wanted) -> Tensor:
        start, skipped = divmod(self.start, _BLOCK)
        blocks = range(start, start + max(1, -(-(skipped + wanted.count) // _BLOCK)))
        call = self.calls.get(wanted.purpose, 0)
        self.calls[wanted.purpose] = call + 1
        purpose = "verb" if wanted.purpose == _NOISE else f"verb {wanted.purpose}"
        parts = [
            wanted.drawn(_BLOCK, generator(self.seed, purpose, call, block, device=wanted.device))
            for block in blocks
        ]
        rows = torch.cat(parts)[skipped:][: wanted.count]
        if self.truncation is None or wanted.law is not torch.randn:
            return rows
        self.truncated = True
        return truncated(rows, self.truncation)


class _Now:
    """Where the program is: in a step, in a verb, or elsewhere."""

    place: _Step | _Verb | None = None


@contextmanager
def _inside(place: _Step | _Verb) -> Iterator[None]:
    before, _Now.place = _Now.place, place
    try:
        yield
    finally:
        _Now.place = before


@contextmanager
def fixed(
    seed: int, device: torch.device, first: int = 0, truncation: float | None = None
) -> Iterator[None]:
    """Make all random numbers inside a function of the seed; restore the caller's after.

    Args:
        seed: decides them.
        device: where the work is done.
        first: number of the first row; a set may be drawn in parts that follow each other.
        truncation: normal numbers are drawn from within so many deviations; None: from all.

    Raises:
        UserError: truncation is wanted where no normal number is drawn, or is not above 0.
    """
    if truncation is not None and not truncation > 0:
        raise UserError("should be above 0", setting="truncation")
    noise = _Verb(seed, first, truncation)
    with seeded(seed, "verb dropout", first, device=device), _inside(noise):
        yield
    if truncation is not None and not noise.truncated:
        raise UserError(
            "only normal noise can be truncated, and this model draws none", setting="truncation"
        )


def truncated(noise: Tensor, most: float) -> Tensor:
    """Return numbers of N(0, 1) as numbers of N(0, 1) within -most ... most, in the same order.

    Brock et al., arXiv:1809.11096, section 3.1, draw again what lies beyond; moving every number to
    the same share of the shorter law has the same law, and keeps a sample the sample that it was.
    """
    half = math.sqrt(2)
    moved: Tensor = torch.erfinv(torch.erf(noise / half) * math.erf(most / half)) * half
    return moved.clamp(-most, most)


@contextmanager
def step(seed: int, number: int, device: torch.device) -> Iterator[None]:
    """Make all random numbers inside a function of (seed, number); restore the caller's after."""
    noise = _Step(lambda purpose: generator(seed, purpose, number, device=device))
    with seeded(seed, "dropout", number, processes.rank(), device=device), _inside(noise):
        yield


def normal(
    count: int, *shape: int, device: torch.device | str = "cpu", purpose: str = _NOISE
) -> Tensor:
    """Draw N(0, 1) of shape [count, *shape]; another purpose than noise has its own stream."""
    return _drawn(Wanted(torch.randn, count, shape, device, purpose))


def uniform(
    count: int, *shape: int, device: torch.device | str = "cpu", purpose: str = _NOISE
) -> Tensor:
    """Draw U(0, 1) of shape [count, *shape]; another purpose than noise has its own stream."""
    return _drawn(Wanted(torch.rand, count, shape, device, purpose))


def _drawn(wanted: Wanted) -> Tensor:
    return wanted.drawn(wanted.count, None) if _Now.place is None else _Now.place.rows(wanted)


def rows(count: int, device: torch.device | str) -> Tensor:
    """Return the numbers [count] of the rows that are drawn now, whichever part of a set."""
    first = 0 if _Now.place is None else _Now.place.first(count)
    return torch.arange(first, first + count, device=device)


@contextmanager
def noted() -> Iterator[list[Wanted]]:
    """Note what is drawn inside, in a step; the list is complete at the end."""
    assert isinstance(_Now.place, _Step)
    here = _Now.place
    here.noted = []
    try:
        yield here.noted
    finally:
        here.noted = None


def again(wanted: Sequence[Wanted]) -> list[Tensor]:
    """Draw what was noted, in the same order: in the same step, the same numbers."""
    return [_drawn(one) for one in wanted]


@contextmanager
def given(numbers: Sequence[Tensor]) -> Iterator[None]:
    """Hand out these numbers inside, in a step, instead of drawing."""
    assert isinstance(_Now.place, _Step)
    here = _Now.place
    here.given = iter(numbers)
    try:
        yield
    finally:
        here.given = None


def integers(high: int, count: int, device: torch.device | str = "cpu") -> Tensor:
    """Draw integers 0 ... high - 1 of shape [count]."""
    return (uniform(count, device=device) * high).long().clamp(max=high - 1)


def places(weights: Tensor, count: int, purpose: str = _NOISE) -> Tensor:
    """Draw places [N count] in rows of weights [N L], each in proportion to its weight.

    What weighs nothing is never drawn, but where a whole row weighs nothing.
    """
    sums = weights.double().cumsum(1)
    share = uniform(len(weights), count, device=weights.device, purpose=purpose)
    found = torch.searchsorted(sums, share.double() * sums[:, -1:], right=True)
    return found.clamp(max=weights.shape[1] - 1)
