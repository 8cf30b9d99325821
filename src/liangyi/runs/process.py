"""process.json: who is training a run now. Killed, its process is gone, whatever the file says."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from liangyi.core import files
from liangyi.core.errors import UserError
from liangyi.runs.place import Place

_NAME = "process.json"


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Say in a run's folder that this process trains it."""
    place = Place(path)
    with suppress(OSError):
        files.write(path / _NAME, json.dumps(_self()))
    try:
        yield
    finally:
        with suppress(OSError, UserError):
            place.demand()  # or what lies there now is somebody else's
            (path / _NAME).unlink(missing_ok=True)


def alive(path: Path) -> bool:
    """Whether the process that trains a run is there; of another machine's, whether it said so."""
    try:
        plain = files.read_json(path / _NAME) if (path / _NAME).is_file() else {}
    except UserError:
        return False
    if not isinstance(plain, dict) or not isinstance(plain.get("pid"), int):
        return False
    if plain.get("host") != socket.gethostname() or plain.get("boot") != _boot():
        return plain.get("host") != socket.gethostname()
    return bool(_started(plain["pid"])) and plain.get("started") == _started(plain["pid"])


def _self() -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "started": _started(os.getpid()),
        "boot": _boot(),
        "host": socket.gethostname(),
    }


def _started(process: int) -> str:
    """Return when a process began, in the system's own ticks; nothing where it is gone."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
        return stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        pass
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(process, 0)  # a system without /proc tells no more
    except (OSError, OverflowError):
        return ""
    return "unknown"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
