"""Settings in which runs differ, as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from liangyi.views import text


def table(
    names: Sequence[str], differing: Mapping[str, Sequence[str]], width: int | None = None
) -> str:
    """Write the settings in which runs differ, a row each.

    Args:
        names: of the runs.
        differing: setting -> its value in each run, empty where a run has no such setting.
        width: of a line; None: the terminal's.
    """
    shown = text.table()
    shown.add_column("setting", no_wrap=True)
    for name in names:
        shown.add_column(text.words(name), overflow="fold")
    for setting, values in differing.items():
        shown.add_row(text.words(setting), *(text.words(value or "-") for value in values))
    return text.rendered(shown, width=width)
