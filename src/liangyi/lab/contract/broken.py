"""What is said of a model that does not keep the contract."""

from __future__ import annotations


class Broken(AssertionError):
    """A model does not keep the contract; the message says what to look at."""


def demand(kept: bool, message: str) -> None:
    """Raise where something is not kept."""
    if not kept:
        raise Broken(message)
