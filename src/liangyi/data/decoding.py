"""From the files of a folder to one array of pixels, and what was found among them."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from PIL import Image
from pydantic import TypeAdapter

from liangyi.core.batch import Spec
from liangyi.core.errors import UserError
from liangyi.data import pictures
from liangyi.data.findings import Findings, many
from liangyi.data.listing import FORMAT, Job, class_of, shown, sizes_of
from liangyi.data.pictures import Look, Picture

_SMALL = 100 * 100  # pixels; below, threads wait for each other longer than they decode

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Index:
    """What is kept beside the pixels."""

    spec: Spec
    fingerprint: str
    labels: tuple[int, ...]
    findings: Findings


INDEX = TypeAdapter(Index)


def build(job: Job, made: Path) -> None:
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
    (made / "index.json").write_bytes(INDEX.dump_json(index))


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


def _demand(job: Job, good: Mapping[str, Any], bad: Mapping[str, str]) -> None:
    if not good:
        name, reason = min(bad.items())
        others = f", nor {many(len(bad) - 1, 'other')} beside it" if len(bad) > 1 else ""
        raise UserError(f"{job.base / shown(name)} cannot be read ({reason}){others}")


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
    job: Job,
    shape: tuple[int, int, int],
    looks: Mapping[str, Look],
    digests: Mapping[str, str],
    unreadable: Mapping[str, str],
) -> Index:
    kind = "Labelled" if job.classes else "Images"
    spec = Spec(kind=kind, shape=shape, classes=job.classes)
    number = {name: label for label, name in enumerate(job.classes)}
    labels = tuple(number[class_of(name)] for name in digests) if job.classes else ()
    counts = Counter(labels)
    sizes = sizes_of(looks[name] for name in digests)
    findings = Findings(
        pictures=len(digests),
        channels=shape[0],
        smallest=min(sizes, key=math.prod),
        largest=max(sizes, key=math.prod),
        sizes=len(sizes),
        classes={name: counts[label] for name, label in number.items()},
        copies=_copies(digests),
        unreadable=tuple((shown(name), reason) for name, reason in sorted(unreadable.items())),
        ignored=job.ignored,
    )
    # by content, unlike the key: a folder that was copied or touched is still the same data
    content = repr((FORMAT, spec, labels, list(digests.values())))
    fingerprint = hashlib.sha256(content.encode()).hexdigest()[:16]
    return Index(spec=spec, fingerprint=fingerprint, labels=labels, findings=findings)


def _copies(digests: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    first: dict[str, str] = {}
    pairs = [(name, first.setdefault(digest, name)) for name, digest in digests.items()]
    return tuple((shown(name), shown(other)) for name, other in pairs if name != other)
