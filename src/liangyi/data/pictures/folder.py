"""Any folder of pictures: decoded once, kept in a cache, mapped into memory ever after.

    pictures/*.jpg                        pictures alone
    pictures/CLASS/**/*.png               pictures with a class each
    pictures/{train,test}/...             the same, with held-out ones (`val` and `valid` will do)

Pictures may differ in format, mode and size. Those that cannot be read are left out and named in
the findings, which also count sizes, classes and exact copies.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from liangyi.core.errors import UserError, unknown
from liangyi.core.files import cache as cache_root
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data.columns import Columns
from liangyi.data.pictures.decoding import INDEX, build, checksum
from liangyi.data.pictures.findings import Findings
from liangyi.data.pictures.listing import Job, splits
from liangyi.data.pictures.settings import PictureSource
from liangyi.data.source import source

_DAY = 24 * 60 * 60
_MOST = 2**30  # bytes of an index


class Pictures(NamedTuple):
    """The pictures of one split, mapped from the cache, and what was found among them."""

    spec: Spec
    columns: dict[str, Tensor]
    fingerprint: str
    findings: Findings


@source("folder", "any folder of pictures; classes from subfolders")
class Folder(PictureSource):
    """A folder of pictures, or a single picture, by its path."""

    by_path = True

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether nobody else does: what lies at a path is taken for pictures."""
        return True

    def _split(self, split: str) -> Pictures | None:
        assert self.path is not None
        kept = self.__dict__.setdefault("_splits", {})
        if split not in kept:
            kept[split] = folder(self.path, split, size=self.config.size, grey=self.config.grey)
        found: Pictures | None = kept[split]
        return found

    def _train(self) -> Pictures:
        found = self._split("train")
        assert found is not None
        return found

    def whole(self) -> Spec:
        """Return what a picture looks like, after looking at all of them."""
        return self._train().spec

    def items(self, split: str) -> Columns | None:
        """Return the pictures of a split."""
        found = self._split(split)
        return None if found is None else found.columns

    def fingerprint(self, split: str) -> str | None:
        """Name the content."""
        found = self._split(split)
        return None if found is None else found.fingerprint

    def findings(self) -> list[str]:
        """Say what was found among the pictures."""
        return [*self._train().findings.lines(), *super().findings()]


def folder(
    path: Path, split: str = "train", *, size: int | None = None, grey: bool = False
) -> Pictures | None:
    """Return the pictures of one split, or None where nothing is held out.

    Subfolders are classes when there are at least two and no picture lies beside them. Held-out
    pictures are served in the form of the training ones: their classes, channels and size.

    Args:
        path: a folder, or a single picture, which is a data set of one.
        split: `train` or `test`; without a folder `train`, all pictures are `train`.
        size: pictures are cropped at the centre and resized to this many pixels square. Without
            it all must have one size, which may be oblong.
        grey: serve one channel even if there is colour; pictures that are all grey always are.

    Raises:
        UserError: nothing can be read there, sizes vary and none is wanted, the held-out pictures
            have other classes, or the cache cannot be written.
    """
    if split not in ("train", "test"):
        raise unknown("split", split, ["train", "test"])
    try:
        places = splits(path)
        if split not in places:
            return None
        train = _load(Job.of(places["train"], size, grey))
        return train if split == "train" else _load(Job.of(places["test"], size, grey, train.spec))
    except OSError as error:
        raise UserError(f"cannot read {error.filename or path}: {error.strerror}") from None


def cache() -> Path:
    """Return where decoded folders are kept; every folder in it may be deleted at any time."""
    return cache_root() / "folders"


def _load(job: Job) -> Pictures:
    """Return what the job decodes, from the cache if it is there."""
    entry = cache() / job.key()
    try:
        try:
            return _read(entry)
        except (OSError, ValueError):  # not there, or damaged, as by a power cut
            _remove(entry)
        entry.parent.mkdir(parents=True, exist_ok=True)
        _sweep(entry.parent)
        # built aside and renamed: whoever is killed leaves nothing half-made to be found
        with tempfile.TemporaryDirectory(suffix=".part", dir=entry.parent) as aside:
            made = Path(aside) / entry.name
            made.mkdir()
            build(job, made)
            with contextlib.suppress(OSError):  # another process was first with the same
                made.rename(entry)
        return _read(entry)
    except OSError as error:
        raise UserError(
            f"cannot keep decoded pictures in {entry.parent} ({error.strerror}); "
            "the environment variable LIANGYI_CACHE may name another folder"
        ) from None


def _read(entry: Path) -> Pictures:
    """Map what lies in the cache.

    Raises:
        OSError: it is not there.
        ValueError: it is not what was written there.
    """
    known, pictures = entry / "index.json", entry / "pictures.npy"
    if not (known.is_file() and pictures.is_file() and known.stat().st_size <= _MOST):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(entry))
    index = INDEX.validate_json(known.read_bytes())
    about = pictures.stat()
    if index != index.sealed(_sum(pictures, about.st_ino, about.st_size, about.st_ctime_ns)):
        raise ValueError(f"{entry} is damaged")
    # copy on write: torch wants writable memory, and the file must never change
    pixels = np.load(pictures, mmap_mode="c")
    if not index.fits(pixels):
        raise ValueError(f"{known} describes other pixels")
    columns = {"image": torch.from_numpy(pixels)}
    spec = Spec("image", image=Pixels(*index.shape))
    if index.classes:
        columns["label"] = torch.tensor(index.labels, dtype=torch.int64, device="cpu")
        spec = spec.replace(label=Label(index.classes))
    return Pictures(spec, columns, index.fingerprint, index.findings)


@functools.lru_cache(maxsize=64)
def _sum(path: Path, *_: int) -> int:
    """Return the checksum of a file, once in each process while the file rests."""
    return checksum(path)


def _remove(entry: Path) -> None:
    """Remove a folder of the cache, or whatever lies in its place."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            entry.unlink()


def _sweep(place: Path) -> None:
    """Remove what killed processes have left."""
    for part in place.glob("*.part"):
        with contextlib.suppress(OSError):
            if part.stat().st_mtime < time.time() - _DAY:
                shutil.rmtree(part)
