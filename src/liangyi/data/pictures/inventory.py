"""What a folder of pictures, or pictures in memory, hold: looked at before anything is trained."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.core import draw
from liangyi.core.errors import UserError
from liangyi.data.pictures import files
from liangyi.data.pictures.decoding import each
from liangyi.data.pictures.likeness import SIDE, coded, near_copies
from liangyi.data.pictures.listing import Job, class_of, shown, splits

_BLOCK = 1024  # pictures that are coded at once
_LARGE = 4_000  # bytes a file, from which on threads pay


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What was found among pictures."""

    pictures: int  # that can be read
    held_out: int  # in a folder of their own
    sizes: dict[tuple[int, int], int]  # (width, height) -> pictures, the most common first
    grey: int  # pictures of one channel
    classes: dict[str, int]  # name -> pictures
    copies: tuple[tuple[str, str], ...]  # (name, earlier name), of equal content
    near: tuple[tuple[str, str], ...]  # (name, earlier name), that look alike
    unreadable: tuple[tuple[str, str], ...]  # (name, reason)
    ignored: int  # files that are no pictures by their names


@dataclass
class _Seen:
    """What is gathered, picture by picture."""

    names: list[str]
    digests: list[bytes]
    codes: list[NDArray[np.uint64]]
    smalls: list[NDArray[np.uint8]]
    waiting: list[NDArray[np.uint8]]

    @classmethod
    def nothing(cls) -> _Seen:
        return cls([], [], [], [], [])

    def add(self, name: str, digest: bytes, grey: NDArray[np.uint8]) -> None:
        self.names.append(name)
        self.digests.append(digest)
        self.waiting.append(grey)
        if len(self.waiting) == _BLOCK:
            self.close()

    def close(self) -> None:
        if self.waiting:
            code, small = coded(np.stack(self.waiting))
            self.codes.append(code)
            self.smalls.append(small)
            self.waiting.clear()

    def alike(self) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        """Return exact copies and near copies, as pairs of a name and an earlier one."""
        self.close()
        if not self.names:
            return (), ()
        first: dict[bytes, int] = {}
        earlier = [first.setdefault(digest, n) for n, digest in enumerate(self.digests)]
        kept = np.fromiter(first.values(), np.int64)
        near = near_copies(np.concatenate(self.codes)[kept], np.concatenate(self.smalls)[kept])
        return (
            tuple((self.names[n], self.names[e]) for n, e in enumerate(earlier) if n != e),
            tuple((self.names[kept[n]], self.names[kept[e]]) for n, e in enumerate(near) if n != e),
        )


def of_folder(path: Path) -> Inventory:
    """Look at all training pictures in a folder, whatever their sizes; with a progress bar.

    Raises:
        UserError: there is none that can be read.
    """
    try:
        places = splits(path)
        job = Job.of(places["train"], None, False)
        held_out = len(Job.of(places["test"], None, False).files) if "test" in places else 0
    except OSError as error:
        raise UserError(f"cannot read {error.filename or path}: {error.strerror}") from None
    seen, sizes, greys, broken = _Seen.nothing(), Counter[tuple[int, int]](), 0, {}
    threads = sum(file.size for file in job.files) >= _LARGE * len(job.files)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata, which we do not use
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        work = partial(files.decode, shape=(1, SIDE, SIDE))
        for file, found in zip(job.files, each("looking at", work, job, threads), strict=True):
            name = shown(file.name)
            if isinstance(found, str):
                broken[name] = found
                continue
            sizes[(found.look.width, found.look.height)] += 1
            greys += found.look.grey
            seen.add(name, found.digest.encode(), found.pixels[0])
    if not seen.names:
        name, reason = min(broken.items())
        others = f" and {len(broken) - 1:,} others" if len(broken) > 1 else ""
        raise UserError(f"{path}: {name} cannot be read ({reason}){others}")
    copies, near = seen.alike()
    counts = Counter(class_of(name) for name in seen.names) if job.classes else Counter()
    return Inventory(
        pictures=len(seen.names),
        held_out=held_out,
        sizes=dict(sizes.most_common()),
        grey=greys,
        classes={name: counts[name] for name in job.classes},
        copies=copies,
        near=near,
        unreadable=tuple(sorted(broken.items())),
        ignored=job.ignored,
    )


def held_out_of(path: Path, classes: Container[str]) -> int:
    """Return how many of a folder's held-out pictures are of some classes."""
    places = splits(path)
    if "test" not in places:
        return 0
    files = Job.of(places["test"], None, False).files
    return sum(class_of(file.name) in classes for file in files)


def of_pictures(
    parts: Iterable[Tensor], classes: dict[str, int] | None = None, held_out: int = 0
) -> Inventory:
    """Look at pictures in memory, which are called by their numbers, from 0.

    Args:
        parts: the pictures, bytes [N C H W], in one or several parts.
        classes: how many there are of each.
        held_out: pictures beside them.
    """
    seen, sizes, greys = _Seen.nothing(), Counter[tuple[int, int]](), 0
    for number, (image, square) in enumerate(_squares(parts)):
        channels, height, width = image.shape
        sizes[(width, height)] += 1
        greys += channels == 1
        digest = hashlib.blake2b(image.numpy().tobytes(), digest_size=16).digest()
        seen.add(str(number), digest, square)
    copies, near = seen.alike()
    return Inventory(
        pictures=len(seen.names),
        held_out=held_out,
        sizes=dict(sizes.most_common()),
        grey=greys,
        classes=classes or {},
        copies=copies,
        near=near,
        unreadable=(),
        ignored=0,
    )


def _squares(parts: Iterable[Tensor]) -> Iterator[tuple[Tensor, NDArray[np.uint8]]]:
    """Yield each picture and what is coded of it."""
    for part in parts:
        for image in part.split(_BLOCK):
            grey = image.float().mean(1, keepdim=True)
            small = interpolate(grey, (SIDE, SIDE), mode="bicubic", antialias=True)
            yield from zip(image, _bytes(small[:, 0]), strict=True)


def _bytes(values: Tensor) -> NDArray[np.uint8]:
    return values.round().clamp(0, 255).to(torch.uint8).numpy()


def some(path: Path, count: int, shape: tuple[int, ...]) -> Tensor:
    """Return at most so many pictures of a folder, a fair sample: bytes [N C H W].

    Raises:
        UserError: none of them can be read.
    """
    job = Job.of(splits(path)["train"], None, False)
    order = torch.randperm(len(job.files), generator=draw.generator(0, "subset"), device="cpu")
    found: list[Tensor] = []
    for number in order.tolist():
        read = files.decode(job.base / job.files[number].name, (shape[0], shape[1], shape[2]))
        if not isinstance(read, str):
            found.append(torch.tensor(read.pixels, device="cpu"))
        if len(found) == count:
            break
    if not found:
        raise UserError(f"{path} has no picture that can be read")
    return torch.stack(found)
