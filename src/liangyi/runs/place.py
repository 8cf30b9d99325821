"""Where a run lies: one training at a time writes there, and only as long as it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import filelock

from liangyi.core.errors import UserError

try:
    import fcntl
except ImportError:  # Windows, where no file can be deleted that is open
    fcntl = None  # type: ignore[assignment]


class Locked(UserError):
    """Another process is training the run."""


class Place:
    """A folder, known by what it is and not only by its path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity = _identity(path)

    def demand(self) -> None:
        """Make sure that the folder is where it was, before something is written.

        Raises:
            UserError: it was moved or deleted.
        """
        with suppress(OSError):
            if _identity(self.path) == self._identity:
                return
        raise UserError(
            f"{self.path} is gone: it was moved or deleted while it was trained; nothing more is "
            "written, and the steps since its last checkpoint are lost"
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder; the lock dies with its process.

        Raises:
            UserError: another process holds it.
        """
        with ExitStack() as held:
            try:
                held.enter_context(filelock.FileLock(self.path / ".lock", timeout=0))
                held.enter_context(_held(self.path))
            except filelock.Timeout:
                raise Locked(f"another training is writing into {self.path}") from None
            yield


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Lock the folder itself, too: nobody can delete that lock and leave the run."""
    if fcntl is None:
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise filelock.Timeout(str(path)) from None
        except OSError:
            pass  # file systems on a network cannot lock a folder
        yield
    finally:
        os.close(handle)
