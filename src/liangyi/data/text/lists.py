"""Lists by which people judge word vectors: pairs with a similarity, and analogies."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from liangyi.core import files
from liangyi.core.errors import UserError

Pair = tuple[str, str, float]  # two words, and how alike people find them
Question = tuple[str, str, str, str]  # a is to b as c is to d


def place() -> Path:
    """Return where lists lie: LIANGYI_WORDS, `words` in LIANGYI_DATA, or in the user's data."""
    named = os.environ.get("LIANGYI_WORDS")
    if named:
        return Path(named).expanduser()
    root = os.environ.get("LIANGYI_DATA")
    return (Path(root).expanduser() if root else platformdirs.user_data_path("liangyi")) / "words"


def pairs(path: Path) -> list[Pair]:
    """Return the pairs of a list: two words and a number a line, between blanks.

    Raises:
        UserError: it cannot be read, or a line is something else.
    """
    found = []
    for number, cells in _rows(path):
        try:
            one, other, score = cells
            found.append((one, other, float(score)))
        except ValueError:
            found.append((cells[0], "", math.nan))
        if not math.isfinite(found[-1][2]):
            raise UserError(f"{path}: line {number} is not two words and a number")
    return found


def analogies(path: Path) -> dict[str, list[Question]]:
    """Return the questions of each section: four words a line, below a line `: SECTION`.

    Raises:
        UserError: it cannot be read, or a line is something else.
    """
    found: dict[str, list[Question]] = {}
    section = ""
    for number, cells in _rows(path):
        if cells[0] == ":":
            section = " ".join(cells[1:])
            continue
        if len(cells) != 4:
            raise UserError(f"{path}: line {number} is not four words")
        found.setdefault(section, []).append((cells[0], cells[1], cells[2], cells[3]))
    return found


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line that has any, and its number."""
    try:
        text = files.read(path).decode(errors="replace")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line.split()
