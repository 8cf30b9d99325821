"""Samples of a trained model, as many as wanted, and where they go."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liangyi import fields
from liangyi.core import capacity, files
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Field, Pixels
from liangyi.fields.pixels import GAP, to_picture

_PIXELS = 80_000_000  # of a sheet; viewers refuse larger pictures
_LISTED = 100_000  # other items that may be drawn into one picture
_LARGE = 100_000_000  # bytes; whoever asks for more is told so before


def write_samples(
    found: Iterable[Tensor],
    count: int,
    model: Model,
    out: Path,
    tell: Callable[[str], None] = lambda line: None,
    captions: Sequence[str] = (),
) -> None:
    """Write samples to FILE.png (a sheet), FILE.npy, FILE.txt (a line each), or a folder of PNGs.

    Pictures in a .npy are uint8 [N H W C]. All but a sheet is written as it is drawn.

    Args:
        found: the samples, part by part.
        count: how many they will be.
        model: that draws them.
        out: the place.
        tell: is given a line where they will be large.
        captions: what a sheet says of each, or nothing.

    Raises:
        UserError: these samples cannot be written in that form, or not there; told before any is.
    """
    write = _form(model.spec.created, count, out, captions)
    size = _bytes(model.spec.created, count, out)
    if size >= _LARGE:
        capacity.demand_disk(size, out)
        tell(f"{out}: {count:,} samples, up to {capacity.size(size)}")
    try:
        write(found, count, model, out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from error


_Write = Callable[[Iterable[Tensor], int, Model, Path], None]


def _form(field: Field, count: int, out: Path, captions: Sequence[str]) -> _Write:
    """Return how samples are written to such a name."""
    picture = isinstance(field, Pixels)
    if out.suffix == ".npy":
        return _array
    if out.suffix == ".png":
        most = _LISTED
        if isinstance(field, Pixels):
            most = _PIXELS // ((field.height + GAP) * (field.width + GAP))
        if count > max(1, most):
            others = "FILE.npy or a folder" if picture else "FILE.npy or FILE.txt"
            raise UserError(
                f"{count} samples are too many for one sheet: at most {most:,}, or {others}"
            )
        return functools.partial(_sheet, captions)
    if out.suffix == ".txt" and not picture:
        return _lines
    if not out.suffix and picture:
        return _folder
    endings = ".png or .npy, or be a folder's" if picture else ".png, .npy or .txt"
    raise UserError(f"cannot write these samples to {out}; its name may end in {endings}")


def _bytes(field: Field, count: int, out: Path) -> float:
    """Return how large they will be at most, but for headers."""
    numbers, picture = count * math.prod(field.shape), isinstance(field, Pixels)
    if out.suffix == ".npy":
        return numbers * (1 if picture else 8)
    if out.suffix == ".txt":
        return numbers * 12
    return numbers + 4096 * count * (not out.suffix)  # a disk's block each


def _array(found: Iterable[Tensor], count: int, model: Model, out: Path) -> None:
    field = model.spec.created
    with files.stream(out) as stream:
        for number, part in enumerate(found):
            values = fields.stored(field, part, model.image_range)
            if isinstance(field, Pixels):
                values = values.permute(0, 2, 3, 1)
            array = values.contiguous().numpy()
            if number == 0:
                kind = np.lib.format.dtype_to_descr(array.dtype)
                shape = (count, *array.shape[1:])
                header = {"descr": kind, "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(stream, header)
            stream.write(array.tobytes())


def _sheet(
    captions: Sequence[str], found: Iterable[Tensor], count: int, model: Model, out: Path
) -> None:
    field, drawn = model.spec.created, torch.cat([*found])
    if isinstance(field, Pixels) and count == 1:  # a picture, no sheet
        image = to_picture(fields.stored(field, drawn, model.image_range)[0])
    else:
        image = fields.sheet(field, drawn, model.image_range, None, captions)
    files.write(out, _png(image))


def _lines(found: Iterable[Tensor], count: int, model: Model, out: Path) -> None:
    with files.stream(out) as stream:
        for part in found:
            text = "\n".join(fields.lines(model.spec.created, part))
            stream.write((text + "\n").encode())


def _folder(found: Iterable[Tensor], count: int, model: Model, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    digits = len(str(count - 1))
    stored = (fields.stored(model.spec.created, part, model.image_range) for part in found)
    for number, pixels in enumerate(pixels for part in stored for pixels in part):
        files.write(out / f"{number:0{digits}d}.png", _png(to_picture(pixels)))


def _png(image: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
