"""Files that are whole or absent, written beside and renamed; and files that nobody can trust."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

import platformdirs

from liangyi.core.errors import UserError, shown

_LARGE = 2**30  # bytes; what we write and read whole is far smaller
_DEEP = 32  # lists and objects in each other
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # a pipe is opened even if nobody is at its other end


def cache() -> Path:
    """Return where things lie that can be made again: LIANGYI_CACHE, or the system's own place."""
    named = os.environ.get("LIANGYI_CACHE")
    return Path(named) if named else platformdirs.user_cache_path("liangyi")


def sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, content: str | bytes) -> None:
    """Write a whole file; a crash leaves the old one or the new one, never half."""
    with stream(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def stream(path: Path) -> Iterator[IO[bytes]]:
    """Fill a file part by part; it appears whole at the end, or not at all.

    Of a link the target is replaced. What is no file, as a device or a pipe, is written into:
    renaming over /dev/null would take it from everybody.

    Raises:
        UserError: the path names no file.
        OSError: it cannot be written, or a folder is there.
    """
    if not path.name:
        raise UserError(f"the file to write needs a name; {path} is a folder")
    if not _replaceable(path):
        with _open(path, os.O_WRONLY, "wb") as file:
            yield file
        return
    path = Path(os.path.realpath(path))
    partial = _partial(path)
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _replaceable(path: Path) -> bool:
    """Tell whether a file is at a path, or nothing.

    Raises:
        OSError: a folder is there, or links that lead to each other.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return stat.S_ISREG(mode)


def _open(path: Path, flags: int, mode: Literal["rb", "wb", "ab"]) -> IO[bytes]:
    """Open what is there without waiting for anybody at the other end of a pipe."""
    handle = os.open(path, flags | _AT_ONCE, 0o666)
    os.set_blocking(handle, True)
    return os.fdopen(handle, mode)


def append(path: Path, text: str) -> None:
    """Write at the end of a file.

    Raises:
        OSError: it cannot be written, or is no file.
    """
    with _open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, "ab") as file:
        _demand_regular(path, os.fstat(file.fileno()))
        file.write(text.encode())


def inside(folder: Path) -> list[Path]:
    """Return what lies in a folder, nothing where there is none."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def read(path: Path) -> bytes:
    """Return what a file holds; a pipe or a device, which may never end, is refused.

    Raises:
        OSError: it cannot be read, is no file, or is larger than a gigabyte.
    """
    with _open(path, os.O_RDONLY, "rb") as file:
        status = os.fstat(file.fileno())
        _demand_regular(path, status)
        if status.st_size > _LARGE:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return file.read()


def demand_file(path: Path) -> None:
    """Make sure that a file can be opened without waiting for ever.

    Raises:
        OSError: it is not there, or is something else.
    """
    _demand_regular(path, path.stat())


def _demand_regular(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """Fill a new folder beside the wanted one and rename it when everything is on the disk."""
    partial = _partial(path)
    _remove(partial)
    partial.mkdir()
    try:
        yield partial
        for file in partial.iterdir():
            sync(file)
        sync(partial)
        _remove(path)
        partial.rename(path)
        sync(path.parent)
    finally:
        _remove(partial)


def _partial(path: Path) -> Path:
    """Return the name of what is not whole yet: it says for whom it is, and whose it is."""
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def sweep(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder; nobody else writes there now."""
    for path in folder.glob(".*.*.partial"):
        owner = path.name.split(".")[-2]
        # in a container every process may have the same number, so our own counts as dead
        if owner.isdecimal() and (int(owner) == os.getpid() or not _alive(int(owner))):
            with suppress(OSError):
                _remove(path)


def _alive(process: int) -> bool:
    if os.name == "nt":  # where asking would kill
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _remove(path: Path) -> None:
    """Remove whatever is at a path; of a link, the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        UserError: it cannot be read, or is not JSON that anybody would write.
    """
    try:
        return parse_json(read(path).decode(), str(path))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not JSON: {error}") from None


def parse_json(text: str, where: str) -> Any:
    """Return the value of a JSON text: not deep, and of numbers and words that can be used.

    Raises:
        UserError: it is something else; `where` says of what.
    """
    try:
        plain = json.loads(text)
    except RecursionError:
        raise UserError(f"{where} is nested too deeply") from None
    except ValueError as error:
        raise UserError(f"{where} is not JSON: {error}") from None
    level = [plain]
    for _ in range(_DEEP):
        for value in level:
            _demand_usable(value, where)
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise UserError(f"{where} is nested too deeply")
    return plain


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _demand_usable(value: Any, where: str) -> None:
    if isinstance(value, int) and abs(value) >= 2**63:
        raise UserError(f"{where}: {shown(value)} is no sensible number")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UserError(f"{where}: {shown(value)} is no text") from None
