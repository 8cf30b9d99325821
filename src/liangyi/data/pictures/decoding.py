"""From the files of a folder to one array of pixels, and what was found among them."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import TypeAdapter

from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.data.pictures import files as pictures
from liangyi.data.pictures.files import Look
from liangyi.data.pictures.findings import Findings
from liangyi.data.pictures.listing import Job, class_of, shown, sizes_of

_LARGE = 4_000  # bytes a file; below, threads wait for each other longer than they decode
_BLOCK = 2**20  # bytes read at a time
_NAMING = 2  # of the content; raised, no run on a folder could go on, whatever lies there

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Index:
    """What is kept beside the pixels."""

    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    fingerprint: str
    labels: tuple[int, ...]
    findings: Findings
    seal: int = 0  # checksum of the pixels' file and of all above

    def sealed(self, pixels: int) -> Index:
        """Return this with the seal that belongs to pixels of a checksum."""
        bare = replace(self, seal=0)
        return replace(self, seal=zlib.crc32(INDEX.dump_json(bare), pixels))

    def fits(self, pixels: NDArray[Any]) -> bool:
        """Tell whether these are pixels of this form, and the labels those of its classes."""
        shape, classes = (self.findings.pictures, *self.shape), len(self.classes)
        labelled = self.findings.pictures if self.classes else 0
        return (
            (pixels.dtype, pixels.shape) == (np.uint8, shape)
            and len(self.labels) == labelled
            and all(0 <= label < classes for label in self.labels)
        )


INDEX = TypeAdapter(Index)


@dataclass
class _Written:
    """What is known of the files when their pixels are written."""

    looks: dict[str, Look] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)  # why these were left out


class _Unlike(UserError):
    """A picture wants another form than the one taken for typical."""


def build(job: Job, made: Path) -> None:
    """Decode all pictures into `pictures.npy` [N C H W] and write `index.json`."""
    target = made / "pictures.npy"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata, which we do not use
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        typical = _first(job)
        try:
            written = _write(job, typical, target)
        except _Unlike:  # now it pays to look at all before the first is decoded
            typical = _fitting(job)
            written = _write(job, typical, target)
    if not written.digests:
        raise _unreadable(job, written.broken)
    index = _index(job, typical, written).sealed(checksum(target))
    (made / "index.json").write_bytes(INDEX.dump_json(index))


def checksum(path: Path) -> int:
    """Return the CRC-32 of a file: it is to find accidents, and fast, 1 to 2 seconds for 1 GB."""
    found = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found = zlib.crc32(block, found)
    return found


def _first(job: Job) -> Look:
    """Return what the first picture looks like that can be read."""
    blind: dict[str, str] = {}
    for file in job.files:
        seen = pictures.look(job.base / file.name)
        if isinstance(seen, Look):
            return seen
        blind[file.name] = seen
    raise _unreadable(job, blind)


def _fitting(job: Job) -> Look:
    """Return the look of a picture whose form will do for all of them.

    Raises:
        UserError: there is none; the smallest and the largest size are named.
    """
    every = each("looking at", pictures.look, job)
    looks = [seen for seen in every if isinstance(seen, Look)]
    shape = job.shape(looks)
    return next(seen for seen in looks if job.shape([seen]) == shape)


def _write(job: Job, typical: Look, target: Path) -> _Written:
    """Write the pixels of all pictures, in order and in the form of the typical one.

    Raises:
        _Unlike: that form will not do.
    """
    shape = job.shape([typical])
    _room(target.parent, len(job.files) * math.prod(shape))
    large = sum(file.size for file in job.files) >= _LARGE * len(job.files)
    decoded = each("decoding", partial(pictures.decode, shape=shape), job, threads=large)
    found, alike = _Written(), {typical}
    with target.open("wb") as out:
        _header(out, len(job.files), shape)
        for file, result in zip(job.files, decoded, strict=True):
            if isinstance(result, str):
                found.broken[file.name] = result
                continue
            if result.look not in alike:
                if not job.alike(typical, result.look):
                    raise _Unlike(f"{job.base} changes while it is read; try again when it rests")
                alike.add(result.look)
            out.write(result.pixels.data)
            found.looks[file.name] = result.look
            found.digests[file.name] = result.digest
        out.seek(0)
        _header(out, len(found.digests), shape)
    return found


def each(
    doing: str, work: Callable[[Path], Found], job: Job, threads: bool = False
) -> Iterator[Found]:
    """Yield the work's result for each file in order, with a progress bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    yield from track(
        _map(work, [job.base / file.name for file in job.files], threads),
        f"{doing} {many(len(job.files), 'picture')}",
        total=len(job.files),
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


def _unreadable(job: Job, broken: Mapping[str, str]) -> UserError:
    name, reason = min(broken.items())
    others = f", nor {many(len(broken) - 1, 'other')} beside it" if len(broken) > 1 else ""
    return UserError(f"{job.base / shown(name)} cannot be read ({reason}){others}")


def _room(place: Path, wanted: int) -> None:
    free = shutil.disk_usage(place).free
    if wanted > free:
        raise UserError(
            f"decoded, these pictures take {wanted / 1e9:,.1f} GB, but {place.parents[1]} has "
            f"{free / 1e9:,.1f} GB left; give a smaller size, or another place by LIANGYI_CACHE"
        )


def _header(out: BinaryIO, count: int, shape: tuple[int, int, int]) -> None:
    """Write the head of a .npy file; numpy pads it so that the count can be corrected later."""
    about = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
    np.lib.format.write_array_header_1_0(out, about)


def _index(job: Job, typical: Look, written: _Written) -> Index:
    shape, digests = job.shape([typical]), written.digests
    number = {name: label for label, name in enumerate(job.classes)}
    labels = tuple(number[class_of(name)] for name in digests) if job.classes else ()
    counts = Counter(labels)
    sizes = sizes_of(written.looks.values())
    findings = Findings(
        pictures=len(digests),
        channels=shape[0],
        smallest=min(sizes, key=math.prod),
        largest=max(sizes, key=math.prod),
        sizes=len(sizes),
        classes={name: counts[label] for name, label in number.items()},
        copies=_copies(digests),
        unreadable=tuple((shown(name), reason) for name, reason in sorted(written.broken.items())),
        ignored=job.ignored,
    )
    # by content, unlike the key: a folder that was copied or touched is still the same data
    content = repr((_NAMING, shape, job.classes, labels, list(digests.values())))
    fingerprint = hashlib.sha256(content.encode()).hexdigest()[:16]
    return Index(
        shape=shape,
        classes=job.classes,
        fingerprint=fingerprint,
        labels=labels,
        findings=findings,
    )


def _copies(digests: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    first: dict[str, str] = {}
    pairs = [(name, first.setdefault(digest, name)) for name, digest in digests.items()]
    return tuple((shown(name), shown(other)) for name, other in pairs if name != other)
