"""Flags from dataclasses, by tyro; every mistake becomes one line."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Sequence
from typing import TypeVar

import tyro

from liangyi.core.errors import UserError

T = TypeVar("T")


def parse(
    kind: type[T], words: Sequence[str], verb: str, about: str, default: T | None = None
) -> T:
    """Return the dataclass that the words describe; `--help` prints and leaves.

    Raises:
        UserError: a flag or a value that is not understood, with the nearest right one.
    """
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            return tyro.cli(
                kind,
                args=list(words),
                prog=f"liangyi {verb}",
                description=about,
                config=(tyro.conf.OmitArgPrefixes,),
            )
    except SystemExit as leaving:
        if not leaving.code:
            raise
        raise UserError(_one_line(errors.getvalue(), verb)) from None


def _one_line(box: str, verb: str) -> str:
    """Return what a box of tyro's says in its first part, and what it suggests."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip(" │╭╮╰╯─") for line in box.splitlines()]
    parts: list[str] = []
    current: list[str] = []
    for raw, line in zip(box.splitlines(), lines, strict=True):
        if "│ ──" in raw or raw.startswith("╰"):
            parts.append(" ".join(current))
            current = []
        elif line and not raw.startswith("╭"):
            current.append(line)
    message = parts[0] if parts else " ".join(filter(None, lines))
    near = [re.findall(r"--[\w-]+", part) for part in parts if part.startswith("Perhaps")]
    if near and near[0]:
        return f"{message}; perhaps you meant {' or '.join(dict.fromkeys(near[0][:2]))}"
    return f"{message} (liangyi {verb} --help)"
