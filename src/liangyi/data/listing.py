"""Which pictures a folder holds, of which classes, and in which form they can be served."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from liangyi.core.batch import Spec
from liangyi.core.errors import UserError
from liangyi.data import pictures
from liangyi.data.findings import few, many
from liangyi.data.pictures import Look

FORMAT = 1  # of the cache; to be raised whenever the same files would give other pixels
_HELD_OUT = ("test", "val", "valid")


class File(NamedTuple):
    """What is known of a file before it is opened."""

    name: str  # relative, with forward slashes
    size: int
    changed: int  # nanoseconds


def splits(path: Path) -> dict[str, Path]:
    """Return the places of the training and, if there are any, of the held-out pictures."""
    if path.is_file():
        return {"train": path}
    with os.scandir(path) as entries:
        inside = {entry.name.lower(): path / entry.name for entry in entries if entry.is_dir()}
    held_out = next((inside[name] for name in _HELD_OUT if name in inside), None)
    if "train" not in inside or (held_out is None and len(inside) > 1):
        return {"train": path}  # a folder `train` among others may be full of locomotives
    return {"train": inside["train"]} | ({"test": held_out} if held_out else {})


def _walk(place: Path, prefix: str, above: frozenset[Path]) -> Iterator[File | None]:
    """Yield the pictures in a folder and below it, and None for each other file."""
    real = place.resolve()
    if real in above:  # a link that leads in a circle
        return
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                yield None
            elif entry.is_dir():
                yield from _walk(place / entry.name, f"{prefix}{entry.name}/", above | {real})
            elif Path(entry.name).suffix.lower() in pictures.ENDINGS and entry.is_file():
                stat = entry.stat()
                yield File(prefix + entry.name, stat.st_size, stat.st_mtime_ns)
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
        if place.is_file():
            base, stat = place.parent, place.stat()
            every: list[File | None] = [File(place.name, stat.st_size, stat.st_mtime_ns)]
        else:
            base, every = place, list(_walk(place, "", frozenset()))
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
        """Name what is in the folder without opening a file."""
        what = (FORMAT, self.files, self.ignored, self.classes, self.size, self.grey, self.like)
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
                "give --size 64, or another, to crop and resize them all"
            )
        ((width, height),) = sizes
        return channels, height, width


def sizes_of(looks: Iterable[Look]) -> list[tuple[int, int]]:
    """Return the different (width, height) that occur."""
    return sorted({(look.width, look.height) for look in looks})
