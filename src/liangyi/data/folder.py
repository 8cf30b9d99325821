"""Any folder of pictures: decoded once, kept in a cache, mapped into memory ever after.

    pictures/*.jpg                        pictures alone
    pictures/CLASS/**/*.png               pictures with a class each
    pictures/{train,test}/...             the same, with held-out ones (`val` and `valid` will do)

Pictures may differ in format, mode and size. Those that cannot be read are left out and named in
the findings, which also count sizes, classes and exact copies.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

import numpy as np
import torch
from PIL import Image
from pydantic import TypeAdapter
from torch import Tensor

from liangyi.core.batch import Spec
from liangyi.core.errors import UserError, unknown
from liangyi.core.files import cache as cache_root
from liangyi.data import pictures
from liangyi.data.dataset import Dataset
from liangyi.data.findings import Findings, few, many
from liangyi.data.pictures import Look, Picture

_FORMAT = 1  # of the cache; to be raised whenever the same files would give other pixels
_SMALL = 100 * 100  # pixels; below, threads wait for each other longer than they decode
_DAY = 24 * 60 * 60
_HELD_OUT = ("test", "val", "valid")

Found = TypeVar("Found")


class Folder(Dataset):
    """The pictures of one split, mapped from the cache, and what was found among them."""

    def __init__(
        self, spec: Spec, columns: Mapping[str, Tensor], fingerprint: str, findings: Findings
    ) -> None:
        super().__init__(spec, columns, fingerprint)
        self.findings = findings

    def _like(self, columns: Mapping[str, Tensor]) -> Folder:
        return Folder(self.spec, columns, self.fingerprint, self.findings)


def folder(
    path: Path, split: str = "train", *, size: int | None = None, grey: bool = False
) -> Folder | None:
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
        places = _splits(path)
        if split not in places:
            return None
        train = _load(_Job.of(places["train"], size, grey))
        return train if split == "train" else _load(_Job.of(places["test"], size, grey, train.spec))
    except OSError as error:
        raise UserError(f"cannot read {error.filename or path}: {error.strerror}") from None


def cache() -> Path:
    """Return where decoded folders are kept; every folder in it may be deleted at any time."""
    return cache_root() / "folders"


class _File(NamedTuple):
    name: str  # relative, with forward slashes
    size: int
    changed: int  # nanoseconds


def _splits(path: Path) -> dict[str, Path]:
    if path.is_file():
        return {"train": path}
    inside = {place.name.lower(): place for place in path.iterdir() if place.is_dir()}
    held_out = next((inside[name] for name in _HELD_OUT if name in inside), None)
    if "train" not in inside or (held_out is None and len(inside) > 1):
        return {"train": path}  # a folder `train` among others may be full of locomotives
    return {"train": inside["train"]} | ({"test": held_out} if held_out else {})


def _walk(place: Path, prefix: str, above: frozenset[Path]) -> Iterator[_File | None]:
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
                yield _File(prefix + entry.name, stat.st_size, stat.st_mtime_ns)
            else:
                yield None


def _shown(name: str) -> str:
    """Return a file's name so that it stays on its line and fits into JSON."""
    return name if name.isprintable() else repr(name)


def _class(name: str) -> str:
    """Return the first folder in a relative name, or nothing."""
    top, slash, _ = name.partition("/")
    return _shown(top) if slash else ""


def _classes(place: Path, files: Sequence[_File], train: Spec | None) -> tuple[str, ...]:
    found = {_class(file.name) for file in files}
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
class _Job:
    """What to decode, and into which form."""

    base: Path
    files: list[_File]
    ignored: int
    classes: tuple[str, ...]
    size: int | None
    grey: bool
    like: tuple[int, int, int] | None  # shape of the training pictures

    @classmethod
    def of(cls, place: Path, size: int | None, grey: bool, train: Spec | None = None) -> _Job:
        """List the files of a folder or of a single picture."""
        if place.is_file():
            base, stat = place.parent, place.stat()
            every: list[_File | None] = [_File(place.name, stat.st_size, stat.st_mtime_ns)]
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
        what = (_FORMAT, self.files, self.ignored, self.classes, self.size, self.grey, self.like)
        return hashlib.sha256(repr(what).encode()).hexdigest()[:32]

    def shape(self, looks: Sequence[Look]) -> tuple[int, int, int]:
        """Choose the form in which all pictures are served."""
        grey = self.grey or all(look.grey for look in looks)
        channels = self.like[0] if self.like else 1 if grey else 3
        if self.size:
            return channels, self.size, self.size
        sizes = _sizes(looks)
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


@dataclass(frozen=True, kw_only=True)
class _Index:
    """What is kept beside the pixels."""

    spec: Spec
    fingerprint: str
    labels: tuple[int, ...]
    findings: Findings


_INDEX = TypeAdapter(_Index)


def _load(job: _Job) -> Folder:
    """Return what the job decodes, from the cache if it is there."""
    entry = cache() / job.key()
    try:
        try:
            return _read(entry)
        except (FileNotFoundError, ValueError):  # not there, or damaged, as by a power cut
            shutil.rmtree(entry, ignore_errors=True)
        entry.parent.mkdir(parents=True, exist_ok=True)
        _sweep(entry.parent)
        # built aside and renamed: whoever is killed leaves nothing half-made to be found
        with tempfile.TemporaryDirectory(suffix=".part", dir=entry.parent) as aside:
            made = Path(aside) / entry.name
            made.mkdir()
            _build(job, made)
            with contextlib.suppress(OSError):  # another process was first with the same
                made.rename(entry)
        return _read(entry)
    except OSError as error:
        raise UserError(
            f"cannot keep decoded pictures in {entry.parent} ({error.strerror}); "
            "the environment variable LIANGYI_CACHE may name another folder"
        ) from None


def _read(entry: Path) -> Folder:
    index = _INDEX.validate_json((entry / "index.json").read_bytes())
    # copy on write: torch wants writable memory, and the file must never change
    pixels = np.load(entry / "pictures.npy", mmap_mode="c")
    columns = {"image": torch.from_numpy(pixels)}
    if index.spec.kind == "Labelled":
        columns["label"] = torch.tensor(index.labels, dtype=torch.int64)
    return Folder(index.spec, columns, index.fingerprint, index.findings)


def _sweep(place: Path) -> None:
    """Remove what killed processes have left."""
    for part in place.glob("*.part"):
        with contextlib.suppress(OSError):
            if part.stat().st_mtime < time.time() - _DAY:
                shutil.rmtree(part)


def _build(job: _Job, made: Path) -> None:
    """Decode all pictures into `pictures.npy` [N C H W] and write `index.json`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata, which we do not use
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        names = [file.name for file in job.files]
        looks, blind = _sorted_out(names, _each("looking at", pictures.look, job.base, names))
        _demand(job, looks, blind)
        shape = job.shape(list(looks.values()))
        _room(made, len(looks) * math.prod(shape))
        area = sum(look.width * look.height for look in looks.values()) / len(looks)

        def work(path: Path) -> Picture | str:
            return pictures.decode(path, shape)

        decoded = _each("decoding", work, job.base, list(looks), threads=area > _SMALL)
        digests, broken = _write(made / "pictures.npy", shape, list(looks), decoded)
    _demand(job, digests, blind | broken)
    index = _index(job, shape, looks, digests, blind | broken)
    (made / "index.json").write_bytes(_INDEX.dump_json(index))


def _each(
    doing: str,
    work: Callable[[Path], Found],
    base: Path,
    names: Sequence[str],
    threads: bool = False,
) -> Iterator[Found]:
    """Yield the work's result for each file in order, with a progress bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    yield from track(
        _map(work, [base / name for name in names], threads),
        f"{doing} {many(len(names), 'picture')}",
        total=len(names),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _map(work: Callable[[Path], Found], paths: Sequence[Path], threads: bool) -> Iterator[Found]:
    """Threads, not processes: Pillow decodes without the interpreter lock.

    Large pictures need not travel between processes, and a script without a `__main__` guard is
    no trap.
    """
    if not threads:
        yield from map(work, paths)
        return
    workers = os.cpu_count() or 1
    block = 8 * workers  # so that never more than these are held in memory
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(paths), block):
            yield from pool.map(work, paths[start : start + block])


def _sorted_out(
    names: Iterable[str], results: Iterable[Found | str]
) -> tuple[dict[str, Found], dict[str, str]]:
    good: dict[str, Found] = {}
    bad: dict[str, str] = {}
    for name, result in zip(names, results, strict=True):
        if isinstance(result, str):
            bad[name] = result
        else:
            good[name] = result
    return good, bad


def _demand(job: _Job, good: Mapping[str, Any], bad: Mapping[str, str]) -> None:
    if not good:
        name, reason = min(bad.items())
        others = f", nor {many(len(bad) - 1, 'other')} beside it" if len(bad) > 1 else ""
        raise UserError(f"{job.base / _shown(name)} cannot be read ({reason}){others}")


def _room(place: Path, wanted: int) -> None:
    free = shutil.disk_usage(place).free
    if wanted > free:
        raise UserError(
            f"decoded, these pictures take {wanted / 1e9:,.1f} GB, but {place.parents[1]} has "
            f"{free / 1e9:,.1f} GB left; give a smaller --size, or another place by LIANGYI_CACHE"
        )


def _write(
    target: Path,
    shape: tuple[int, int, int],
    names: Sequence[str],
    decoded: Iterable[Picture | str],
) -> tuple[dict[str, str], dict[str, str]]:
    """Write pictures in order; return name -> digest of those, and name -> reason of the others."""
    digests: dict[str, str] = {}
    broken: dict[str, str] = {}
    with target.open("wb") as out:
        _header(out, len(names), shape)
        for name, result in zip(names, decoded, strict=True):
            if isinstance(result, str):
                broken[name] = result
            else:
                out.write(result.pixels.data)
                digests[name] = result.digest
        out.seek(0)
        _header(out, len(digests), shape)
    return digests, broken


def _header(out: BinaryIO, count: int, shape: tuple[int, int, int]) -> None:
    """Write the head of a .npy file; numpy pads it so that the count can be corrected later."""
    about = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
    np.lib.format.write_array_header_1_0(out, about)


def _index(
    job: _Job,
    shape: tuple[int, int, int],
    looks: Mapping[str, Look],
    digests: Mapping[str, str],
    unreadable: Mapping[str, str],
) -> _Index:
    kind = "Labelled" if job.classes else "Images"
    spec = Spec(kind=kind, shape=shape, classes=job.classes)
    number = {name: label for label, name in enumerate(job.classes)}
    labels = tuple(number[_class(name)] for name in digests) if job.classes else ()
    counts = Counter(labels)
    sizes = _sizes(looks[name] for name in digests)
    findings = Findings(
        pictures=len(digests),
        channels=shape[0],
        smallest=min(sizes, key=math.prod),
        largest=max(sizes, key=math.prod),
        sizes=len(sizes),
        classes={name: counts[label] for name, label in number.items()},
        copies=_copies(digests),
        unreadable=tuple((_shown(name), reason) for name, reason in sorted(unreadable.items())),
        ignored=job.ignored,
    )
    # by content, unlike the key: a folder that was copied or touched is still the same data
    content = repr((_FORMAT, spec, labels, list(digests.values())))
    fingerprint = hashlib.sha256(content.encode()).hexdigest()[:16]
    return _Index(spec=spec, fingerprint=fingerprint, labels=labels, findings=findings)


def _sizes(looks: Iterable[Look]) -> list[tuple[int, int]]:
    return sorted({(look.width, look.height) for look in looks})


def _copies(digests: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    first: dict[str, str] = {}
    pairs = [(name, first.setdefault(digest, name)) for name, digest in digests.items()]
    return tuple((_shown(name), _shown(other)) for name, other in pairs if name != other)
