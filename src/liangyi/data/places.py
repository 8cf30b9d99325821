"""Where data lies, as a user has typed it, and how much of it fits into memory."""

from __future__ import annotations

import os
from pathlib import Path

from liangyi.core.errors import UserError


def typed(named: str, flag: str, wanted: str) -> Path:
    """Return a path that a user has typed, `~` and `~user` spelled out.

    Raises:
        UserError: it is empty, there is no such user, or the system refuses to look there.
    """
    if not named.strip():
        raise UserError(f"{flag} is empty; give {wanted}")
    try:
        path = Path(named).expanduser()
        path.exists()
    except RuntimeError:
        user = Path(named).parts[0]
        raise UserError(f"{flag}: there is no home folder of a user {user}; give a path") from None
    except OSError as error:
        raise UserError(f"{flag} {named[:60]} cannot be read: {error.strerror}") from None
    return path


def need(size: int, what: str, instead: str) -> None:
    """Make sure that so many bytes fit into memory before they are asked for.

    Raises:
        UserError: they do not.
    """
    free = _free()
    if size > free:
        raise UserError(
            f"{what} would take {size / 1e9:,.1f} GB of memory, of which "
            f"{free / 1e9:,.1f} GB are free; {instead}"
        )


def _free() -> int:
    """Return the bytes that may still be had; all there are, where the system tells no more."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        about = dict(line.split(":", 1) for line in lines)
        return int(about["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows
        return 2**63 - 1
