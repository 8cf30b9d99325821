"""Where data lies, as a user has typed it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from liangyi.core import files
from liangyi.core.errors import UserError

RUN = "config.json"  # in a run's folder, which may lie in one of data
_SAYS = {"format", "model", "training", "fingerprint"}  # as no other program's config.json does


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


def is_run(folder: Path) -> bool:
    """Whether a folder is a run's: what lies there was drawn, and is no data to learn from."""
    known = folder / RUN
    try:
        plain = files.read_json(known) if known.is_file() else None
    except (OSError, UserError):
        return False
    return isinstance(plain, dict) and plain.keys() >= _SAYS


def walked(path: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder of data and those in it, each with its files: no hidden ones, and no runs."""
    for name, folders, names in os.walk(path):
        here = Path(name)
        seen = [inner for inner in folders if not inner.startswith(".")]
        folders[:] = sorted(inner for inner in seen if not is_run(here / inner))
        yield here, sorted(inner for inner in names if not inner.startswith("."))


def root(named: str | None = None) -> Path:
    """Return where data sets lie: what was named, LIANGYI_DATA, or the user's data folder.

    Raises:
        UserError: it is no folder.
    """
    where = "data_root"
    if named is None:
        where, named = "LIANGYI_DATA", os.environ.get("LIANGYI_DATA")
        if not named:
            return platformdirs.user_data_path("liangyi")
    place = typed(named, where, "the folder where data sets lie")
    if place.exists() and not place.is_dir():
        raise UserError(f"{where} {place} is no folder; give the one where data sets lie")
    return place
