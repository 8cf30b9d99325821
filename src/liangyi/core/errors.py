"""Mistakes that a user can mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """One line that says what is wrong and what would be right.

    The command line prints it without a traceback and exits with 2.
    """


def unknown(what: str, name: str, known: Iterable[str]) -> UserError:
    """Build the error for a name that is not there, with the nearest known ones."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
    return UserError(f"unknown {what} {name!r}; {hint}")
