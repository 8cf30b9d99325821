"""Tables for people: rich's, as words for a terminal, a file or a test."""

from __future__ import annotations

import io
import sys

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

WIDTH = 100  # letters of a line where there is no terminal
LEAST = 60  # narrower terminals break lines themselves, which loses no figure
GAP = 2  # letters between columns


def rendered(*parts: RenderableType, width: int | None = None) -> str:
    """Return what rich makes of parts: in colour on a terminal, plain elsewhere.

    Args:
        *parts: from top to bottom.
        width: letters of a line; None: as wide as the terminal, or 100 where there is none.
    """
    stream = io.StringIO()
    console = _console(stream, width)
    console.print(*parts, sep="\n")
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def room() -> int:
    """Return how many letters a line has where `rendered` is given no width."""
    return _console(io.StringIO(), None).width


def table() -> Table:
    """Return a table without columns in the style of all of them: a rule below its heading."""
    return Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, GAP - 1, 0, 0),  # the box adds one
        header_style="bold",
    )


def words(said: str, style: str = "") -> Text:
    """Return words as they are: no markup, no control characters, one line."""
    return Text("".join(c if c.isprintable() else " " for c in said), style)


def _console(stream: io.StringIO, width: int | None) -> Console:
    terminal = sys.stdout.isatty()
    if width is None:
        width = max(LEAST, Console().width) if terminal else WIDTH
    return Console(file=stream, width=width, force_terminal=terminal, highlight=False)
