"""What a thing looks like in a notebook."""

from __future__ import annotations

from functools import singledispatch


@singledispatch
def cell(thing: object) -> str | None:
    """Return HTML that shows a thing in a notebook; None: its words must do.

    Runs, models and cards say by this in their `_repr_html_`, which is all that notebooks ask for.
    The HTML itself is made, and registered here by type, in `liangyi.views.cells`.
    """
    return None
