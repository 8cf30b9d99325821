"""Samples of a trained model, as many as wanted, and where they go."""

from __future__ import annotations

import inspect
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liangyi.core import capacity, files
from liangyi.core.batch import Spec
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.views import grid

_PART = 512  # drawn at once, to bound the memory
_FRAMES = 64  # of a walk, likewise
_PIXELS = 80_000_000  # of a sheet; viewers refuse larger pictures
_LISTED = 100_000  # points or sentences that may be drawn into one picture
_LARGE = 100_000_000  # bytes; whoever asks for more is told so before


def samples(model: Model, count: int, seed: int = 0, **conditions: Any) -> Tensor:
    """Return `count` samples [count ...] on the CPU: those of `model.sample`, drawn in parts.

    Raises:
        UserError: the model does not sample, or not under such conditions.
    """
    return torch.cat([*parts(model, count, seed, **conditions)])


def parts(model: Model, count: int, seed: int = 0, **conditions: Any) -> Iterator[Tensor]:
    """Yield the same samples as they are drawn, some hundreds at a time.

    Raises:
        UserError: the model does not sample, or not under such conditions; told before any is.
    """
    if not hasattr(model, "sample"):
        raise UserError(f"{model.name()} draws no samples; it can: {', '.join(model.verbs())}")
    check(model, "sample", seed, conditions)
    if count < 1:
        raise UserError(f"{count} samples cannot be drawn; ask for 1 or more")

    def part(first: int) -> Tensor:
        number = min(_PART, count - first)
        drawn: Tensor = model.sample(number, seed=seed, first=first, **conditions)
        return drawn.cpu()

    return map(part, range(0, count, _PART))


def frames(
    model: Model, count: int, stops: int, seed: int = 0, **conditions: Any
) -> Iterator[Tensor]:
    """Yield the pictures of a closed walk [N C H W], some dozens at a time.

    Raises:
        UserError: the model cannot be asked for them; told before any is drawn.
    """
    check(model, "interpolate", seed, conditions)

    def part(begin: int) -> Tensor:
        share = {"begin": begin, "end": min(begin + _FRAMES, count)}
        drawn: Tensor = model.interpolate(count, stops, seed=seed, **share, **conditions)
        return drawn.cpu()

    return map(part, range(0, count, _FRAMES))


def check(model: Model, verb: str, seed: int, conditions: Mapping[str, Any]) -> None:
    """Make sure that a model can be asked for this.

    Raises:
        UserError: it cannot.
    """
    known = inspect.signature(getattr(model, verb)).parameters
    for name, value in conditions.items():
        if name not in known:
            raise UserError(f"{model.name()} cannot be asked for a {name}; acgan can")
        if name == "label" and not 0 <= value < len(model.spec.classes):
            last = len(model.spec.classes) - 1
            raise UserError(f"label {value} is out of range; there are 0 ... {last}")
    if not 0 <= seed < 2**63:
        raise UserError(f"seed {seed} is out of range; try 0, 1, 2 ...")


def write_samples(
    found: Iterable[Tensor],
    count: int,
    model: Model,
    out: Path,
    tell: Callable[[str], None] = lambda line: None,
) -> None:
    """Write samples to FILE.png (a sheet), FILE.npy, FILE.txt (tokens), or a folder of PNGs.

    Pictures in a .npy are uint8 [N H W C]. All but a sheet is written as it is drawn.

    Args:
        found: the samples, part by part.
        count: how many they will be.
        model: that draws them.
        out: the place.
        tell: is given a line where they will be large.

    Raises:
        UserError: these samples cannot be written in that form, or not there; told before any is.
    """
    write = _form(model.spec, count, out)
    size = _bytes(model.spec, count, out)
    if size >= _LARGE:
        capacity.demand_disk(size, out)
        tell(f"{out}: {count:,} samples, up to {capacity.size(size)}")
    try:
        write(found, count, model, out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from error


_Write = Callable[[Iterable[Tensor], int, Model, Path], None]


def _form(spec: Spec, count: int, out: Path) -> _Write:
    """Return how samples are written to such a name."""
    picture = len(spec.shape) == 3
    if out.suffix == ".npy":
        return _array
    if out.suffix == ".png":
        most = _LISTED
        if picture:
            most = _PIXELS // ((spec.shape[1] + grid.GAP) * (spec.shape[2] + grid.GAP))
        if count > max(1, most):
            others = "FILE.npy" + " or a folder" * picture + " or FILE.txt" * bool(spec.vocabulary)
            raise UserError(
                f"{count} samples are too many for one sheet: at most {most:,}, or {others}"
            )
        return _sheet
    if out.suffix == ".txt" and spec.vocabulary:
        return _lines
    if not out.suffix and picture:
        return _folder
    endings = [".png", ".npy", *[".txt"] * bool(spec.vocabulary)]
    kinds = f"its name may end in {', '.join(endings)}" + ", or be a folder's" * picture
    raise UserError(f"cannot write these samples to {out}; {kinds}")


def _bytes(spec: Spec, count: int, out: Path) -> float:
    """Return how large they will be at most, but for headers."""
    numbers, picture = count * math.prod(spec.shape), len(spec.shape) == 3
    if out.suffix == ".npy":
        return numbers * (1 if picture else 8 if spec.vocabulary else 4)
    if out.suffix == ".txt":
        return numbers * (_digits(spec.vocabulary) + 1)
    if out.suffix == ".png":
        return numbers
    return numbers + 4096 * count  # a disk's block each


def _array(found: Iterable[Tensor], count: int, model: Model, out: Path) -> None:
    picture = len(model.spec.shape) == 3
    with files.stream(out) as stream:
        for number, part in enumerate(found):
            if picture:
                part = grid.to_bytes(part, model.image_range).permute(0, 2, 3, 1)
            array = part.contiguous().numpy()
            if number == 0:
                kind = np.lib.format.dtype_to_descr(array.dtype)
                shape = (count, *array.shape[1:])
                header = {"descr": kind, "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(stream, header)
            stream.write(array.tobytes())


def _sheet(found: Iterable[Tensor], count: int, model: Model, out: Path) -> None:
    drawn = torch.cat([*found])
    if len(model.spec.shape) == 3 and count == 1:  # a picture, no sheet
        image = grid.to_picture(grid.to_bytes(drawn, model.image_range)[0])
    else:
        image = grid.picture_of(drawn, model.spec, model.image_range)
    files.write(out, _png(image))


def _lines(found: Iterable[Tensor], count: int, model: Model, out: Path) -> None:
    width = _digits(model.spec.vocabulary)
    with files.stream(out) as stream:
        for part in found:
            stream.write((grid.text(part, width) + "\n").encode())


def _folder(found: Iterable[Tensor], count: int, model: Model, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    digits = _digits(count)
    pictures = (pixels for part in found for pixels in grid.to_bytes(part, model.image_range))
    for number, pixels in enumerate(pictures):
        files.write(out / f"{number:0{digits}d}.png", _png(grid.to_picture(pixels)))


def _digits(count: int) -> int:
    return len(str(count - 1))


def _png(image: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
