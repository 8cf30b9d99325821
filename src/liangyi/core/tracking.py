"""How long work says how far it is: in silence, until somebody listens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Follows steps that somebody makes: `for made in track(steps, total, "evaluator"): ...`."""

    def __call__(self, steps: Iterable[T], total: int, what: str) -> Iterator[T]:
        """Return the same steps, of which there are `total`."""


def untracked(steps: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Return the same steps and tell nobody."""
    return iter(steps)
