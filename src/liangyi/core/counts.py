"""Counts as people say them: 1 picture, 12 pictures."""

from __future__ import annotations

from collections.abc import Iterable


def plural(what: str) -> str:
    """Return the plural of an English noun that has a regular one."""
    if what.endswith(("s", "x", "ch", "sh")):
        return f"{what}es"
    if what.endswith("y") and what[-2:-1] not in "aeiou":
        return f"{what[:-1]}ies"
    return f"{what}s"


def many(count: int, what: str) -> str:
    """Return a count with its noun, in the plural where it must be."""
    return f"{count:,} {what if count == 1 else plural(what)}"


def few(names: Iterable[str], most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def duration(seconds: float) -> str:
    """Return a length of time as people say it, in its two largest units at most."""
    for size, unit, smaller, part in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if seconds >= size:
            rest = int(seconds % size // smaller)
            return f"{int(seconds // size)} {unit}" + f" {rest} {part}" * bool(rest)
    return f"{round(seconds / 60)} min" if seconds >= 90 else f"{max(1, round(seconds))} s"
