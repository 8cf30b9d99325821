"""Mistakes that a user can mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """One line that says what is wrong and what would be right.

    The command line prints it without a traceback and exits with 2.

    Args:
        message: that line; it names settings as they are called in Python.
        setting: the setting that is to be changed, if it is one: whoever shows the error names it
            as the user knows it, `--batch-size` or a field of a form.
        better: a value of that setting that would do.
    """

    def __init__(self, message: str, *, setting: str = "", better: object = None) -> None:
        hint = "" if better is None else f"; try {setting}={better!r}"
        super().__init__(message + hint)
        self.message, self.setting, self.better = message, setting, better

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows of it: the same one line."""
        return [f"{type(self).__name__}: {self}"]


def shown(text: object) -> str:
    """Return what somebody typed as it may stand in a message: printable, at most 60 characters."""
    plain = str(text)
    plain = plain if plain.isprintable() else repr(plain)
    return plain if len(plain) <= 60 else plain[:59] + "…"


def unknown(what: str, name: str, known: Iterable[str]) -> UserError:
    """Build the error for a name that is not there, with the nearest known ones."""
    known = list(known)
    # what is long is no slip of the finger, and comparing takes time
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.5) if len(name) < 100 else []
    every = ", ".join(known)
    every = every if len(every) <= 180 else every[:180].rpartition(",")[0] + " ..."
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {every}"
    return UserError(f"unknown {what} {shown(name)!r}; {hint}")
