"""Whether there is room: asked before memory or a disk is filled."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from liangyi.core.errors import UserError, shown

_COPIES = 5  # of each weight in a training: itself, its gradient, Adam's two, the average
_MAKERS = {torch.empty, torch.full, torch.ones, torch.rand, torch.randn, torch.zeros}


def memory() -> int:
    """Return how many bytes this process may have: of the machine, its container, its limits."""
    found = [2**62]
    with contextlib.suppress(AttributeError, OSError, ValueError):  # not on every system
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(OSError, ValueError):
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    with contextlib.suppress(ImportError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        found += [limit] * (limit != resource.RLIM_INFINITY)
    return min(found)


def size(count: float) -> str:
    """Return a number of bytes for people."""
    names = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
    place = min(int(math.log(max(count, 1), 1000)), len(names) - 1)
    name = "byte" if count == 1 else names[place]
    return f"{count / 1000**place:,.3g} {name}"


def free() -> int:
    """Return how many bytes this process may still have: others have taken some."""
    found = [memory()]
    with contextlib.suppress(OSError, KeyError, ValueError):  # Linux alone tells
        lines = Path("/proc/meminfo").read_text().splitlines()
        about = dict(line.split(":", 1) for line in lines)
        found.append(int(about["MemAvailable"].split()[0]) * 1024)
    return min(found)


def demand_memory(count: float, what: str, instead: str = "") -> None:
    """Make sure that so many bytes can be had, before they are asked for.

    Args:
        count: the bytes.
        what: would take them.
        instead: what the user may do.

    Raises:
        UserError: they are more than are free.
    """
    there = free()
    if count > there:
        hint = f"; {instead}" if instead else ""
        raise UserError(
            f"{what} would take {size(count)} of memory, of which {size(there)} are free{hint}"
        )


def demand_disk(count: float, path: Path) -> None:
    """Make sure that so many bytes fit where a file shall be.

    Raises:
        UserError: they do not.
    """
    place = next((p for p in path.absolute().parents if p.exists()), Path("/"))
    free = shutil.disk_usage(place).free
    if count > free:
        raise UserError(
            f"cannot write {path}: it would take {size(count)}, and {size(free)} are free there"
        )


@contextmanager
def bounded(name: str, config: Any) -> Iterator[None]:
    """Build a model inside: what this machine could not train is refused before it fills memory.

    Raises:
        UserError: the model is too large; the setting that makes it so is named.
    """
    try:
        with _Counting():
            yield
    except (_TooLarge, OverflowError, TypeError, RuntimeError) as error:
        setting = _enlarged(config)
        # PyTorch's own words for numbers beyond 64 bits
        if not isinstance(error, _TooLarge) and not (setting and _beyond(error)):
            raise
        raise UserError(
            f"{setting or 'with such data'}: a {name} of that size cannot be trained in the "
            f"{size(memory())} of this machine"
        ) from None


class _TooLarge(Exception):
    pass


class _Counting(TorchFunctionMode):
    """Count the numbers of the tensors that are made inside, before each is made."""

    def __init__(self) -> None:
        super().__init__()
        self.left = memory() // (4 * _COPIES)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _MAKERS and args:
            sides = args[0] if isinstance(args[0], Sequence) else args
            self.left -= math.prod(side for side in sides if isinstance(side, int))
            if self.left < 0:
                raise _TooLarge
        return func(*args, **(kwargs or {}))


def _beyond(error: Exception) -> bool:
    words = ("verflow", "must be tuple of ints", "too large", "out of range")
    return any(word in str(error) for word in words)


def _enlarged(config: Any) -> str:
    """Return the setting that is the most times its default, as it is typed."""
    usual, most, found = type(config)(), 1.0, ""
    for field in dataclasses.fields(config):
        value, default = getattr(config, field.name), getattr(usual, field.name)
        largest, ordinary = (_largest(one) for one in (value, default))
        if largest / max(ordinary, 1) > most:
            most = largest / max(ordinary, 1)
            flag = "--" + field.name.replace("_", "-")
            typed = " ".join(map(str, value)) if isinstance(value, tuple) else value
            found = f"{flag} {shown(typed)}"
    return found


def _largest(value: Any) -> float:
    numbers = value if isinstance(value, tuple) else (value,)
    return max((n for n in numbers if isinstance(n, int)), default=0)
