"""Where data lies, as a user has typed it."""

from __future__ import annotations

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
