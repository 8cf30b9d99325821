"""Which pictures a folder holds, of which classes, and in which form they can be served."""

from __future__ import annotations

import hashlib
import math
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from liangyi.core.counts import few, many
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec
from liangyi.data.pictures import files as pictures
from liangyi.data.pictures.files import Look
from liangyi.data.places import is_run

FORMAT = 3  # of the cache; to be raised whenever the same files would give other pixels
_HELD_OUT = ("test", "val", "valid", "validation", "dev", "eval")


class File(NamedTuple):
    """What is known of a file before it is opened."""

    name: str  # relative, with forward slashes
    size: int
    written: int  # nanoseconds
    changed: int  # likewise, whatever changed: a program that sets dates back sets this one anew
    number: int  # of the file on its disk

    @classmethod
    def of(cls, name: str, about: os.stat_result) -> File:
        """Note what the system says about a file."""
        return cls(name, about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)


def _about(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Ask the system about an entry; None for a link that leads nowhere or only to itself."""
    try:
        return entry.stat()
    except OSError:
        return None


def splits(path: Path) -> dict[str, Path]:
    """Return the places of the training and, if there are any, of the held-out pictures."""
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return {"train": path}
    if not stat.S_ISDIR(mode):
        raise UserError(f"{path} is neither a picture nor a folder of pictures")
    with os.scandir(path) as entries:
        abouts = {entry.name: _about(entry) for entry in entries}
    folders = [name for name, about in abouts.items() if about and stat.S_ISDIR(about.st_mode)]
    inside = {name.lower(): path / name for name in folders if not is_run(path / name)}
    held_out = next((inside[name] for name in _HELD_OUT if name in inside), None)
    if "train" not in inside or (held_out is None and len(inside) > 1):
        return {"train": path}  # a folder `train` among others may be full of locomotives
    return {"train": inside["train"]} | ({"test": held_out} if held_out else {})


def _walk(place: Path) -> Iterator[File | None]:
    """Yield the pictures in a folder and below it, and None for everything else.

    Each folder is entered once, under its own name rather than a link's: links between folders
    neither circle nor multiply their pictures. A run in it is passed over, as if it were not there.
    """
    seen: set[tuple[int, int]] = set()
    folders, links = [(place, "")], deque[tuple[Path, str]]()
    while folders or links:
        here, prefix = folders.pop() if folders else links.popleft()
        itself = here.stat()
        if (itself.st_dev, itself.st_ino) in seen:
            yield None
            continue
        seen.add((itself.st_dev, itself.st_ino))
        with os.scandir(here) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                about = None if entry.name.startswith(".") else _about(entry)
                if about and stat.S_ISDIR(about.st_mode):
                    if is_run(here / entry.name):
                        continue
                    later = links if entry.is_symlink() else folders
                    later.append((here / entry.name, f"{prefix}{entry.name}/"))
                elif about and stat.S_ISREG(about.st_mode) and pictures.named_so(entry.name):
                    yield File.of(prefix + entry.name, about)
                else:
                    yield None


def shown(name: str) -> str:
    """Return a file's name so that it stays on its line and fits into JSON."""
    return name if name.isprintable() else repr(name)


def class_of(name: str) -> str:
    """Return the first folder in a relative name, or nothing."""
    top, slash, _ = name.partition("/")
    return shown(top) if slash else ""


def _classes(place: Path, files: Sequence[File], train: Spec | None) -> tuple[str, ...]:
    found = {class_of(file.name) for file in files}
    if train is None:
        return tuple(sorted(found)) if "" not in found and len(found) > 1 else ()
    strange = sorted(found - set(train.classes)) if train.classes else []
    if strange:
        what = f"the class {strange[0]!r}" if strange[0] else "pictures outside any class"
        raise UserError(
            f"{place} has {what}, unlike the training pictures, "
            f"whose classes are: {few(train.classes, 10)}"
        )
    return train.classes


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to decode, and into which form."""

    base: Path
    files: list[File]
    ignored: int
    classes: tuple[str, ...]
    size: int | None
    grey: bool
    like: tuple[int, int, int] | None  # shape of the training pictures

    @classmethod
    def of(cls, place: Path, size: int | None, grey: bool, train: Spec | None = None) -> Job:
        """List the files of a folder or of a single picture."""
        every: list[File | None]
        if place.is_file():
            base, every = place.parent, [File.of(place.name, place.stat())]
        else:
            base, every = place, list(_walk(place))
        files = sorted(file for file in every if file)
        ignored = len(every) - len(files)
        if not files:
            also = f" among its {many(ignored, 'file')}" if ignored else ""
            raise UserError(f"{place} has no pictures{also}; {pictures.KNOWN} can be read")
        like = (train.shape[0], train.shape[1], train.shape[2]) if train else None
        return cls(
            base=base,
            files=files,
            ignored=ignored,
            classes=_classes(place, files, train),
            size=size,
            grey=grey,
            like=like,
        )

    def key(self) -> str:
        """Name the folder and what is in it, without opening a file."""
        base = str(self.base.resolve())
        form = (self.classes, self.size, self.grey, self.like)
        what = (FORMAT, base, self.files, self.ignored, form)
        return hashlib.sha256(repr(what).encode()).hexdigest()[:32]

    def alike(self, one: Look, other: Look) -> bool:
        """Whether two pictures may be served in the form of the first."""
        try:
            return self.shape([one, other]) == self.shape([one])
        except UserError:
            return False

    def shape(self, looks: Sequence[Look]) -> tuple[int, int, int]:
        """Choose the form in which all pictures are served."""
        grey = self.grey or all(look.grey for look in looks)
        channels = self.like[0] if self.like else 1 if grey else 3
        if self.size:
            return channels, self.size, self.size
        sizes = sizes_of(looks)
        if self.like:
            sizes = sorted({*sizes, (self.like[2], self.like[1])})
        if len(sizes) > 1:
            low, high = min(sizes, key=math.prod), max(sizes, key=math.prod)
            raise UserError(
                f"{self.base}: sizes vary from {low[0]}x{low[1]} to {high[0]}x{high[1]}; "
                "give a size, as 64, to crop and resize them all",
                setting="size",
            )
        ((width, height),) = sizes
        return channels, height, width


def sizes_of(looks: Iterable[Look]) -> list[tuple[int, int]]:
    """Return the different (width, height) that occur."""
    return sorted({(look.width, look.height) for look in looks})
