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
from liangyi.core.counts import many
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
    """Write samples of a model; arguments and errors as of `write_items`."""
    write_items(found, count, model.spec.created, model.image_range, out, tell, captions)


def write_items(
    found: Iterable[Tensor],
    count: int,
    field: Field,
    value_range: fields.Range,
    out: Path,
    tell: Callable[[str], None] = lambda line: None,
    captions: Sequence[str] = (),
) -> None:
    """Write items to FILE.png (a sheet), FILE.npy, FILE.txt (a line each), or a folder of PNGs.

    Pictures in a .npy are uint8 [N H W C]. All but a sheet is written as it is drawn. A file is
    replaced whole. A folder must be new or empty: what a larger call left there would lie among
    the new pictures, and nobody could tell them apart.

    Args:
        found: the items, part by part.
        count: how many they will be.
        field: their kind.
        value_range: of pictures, in which they are.
        out: the place.
        tell: is given a line where they will be large.
        captions: what a sheet says of each, or nothing.

    Raises:
        UserError: these items cannot be written in that form, or not there; told before any is.
    """
    write = _form(field, count, out, captions)
    size = _bytes(field, count, out)
    if size >= _LARGE:
        capacity.demand_disk(size, out)
        tell(f"{out}: {many(count, 'sample')}, up to {capacity.size(size)}")
    try:
        write(found, count, field, value_range, out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from error


_Write = Callable[[Iterable[Tensor], int, Field, fields.Range, Path], None]


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
            raise UserError(f"{count:,} are too many for one sheet: at most {most:,}, or {others}")
        return functools.partial(_sheet, captions)
    if out.suffix == ".txt" and not picture:
        return _lines
    if not out.suffix and picture:
        demand_empty(out)
        return _folder
    endings = ".png or .npy, or be a folder's" if picture else ".png, .npy or .txt"
    raise UserError(f"cannot write to {out}; its name may end in {endings}")


def demand_empty(folder: Path) -> None:
    """Make sure that nothing lies in a folder; hidden files are the system's own."""
    inside = [path for path in files.inside(folder) if not path.name.startswith(".")]
    if inside:
        raise UserError(
            f"{folder} holds {many(len(inside), 'file')} already, which would lie among the new "
            "ones; name a new folder, or empty it",
            setting="out",
        )


def _bytes(field: Field, count: int, out: Path) -> float:
    """Return how large they will be at most, but for headers."""
    numbers, picture = count * math.prod(field.shape), isinstance(field, Pixels)
    if out.suffix == ".npy":
        return numbers * (1 if picture else 8)
    if out.suffix == ".txt":
        return numbers * 12
    return numbers + 4096 * count * (not out.suffix)  # a disk's block each


def _array(
    found: Iterable[Tensor], count: int, field: Field, value_range: fields.Range, out: Path
) -> None:
    with files.stream(out) as stream:
        for number, part in enumerate(found):
            values = fields.stored(field, part, value_range)
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
    captions: Sequence[str],
    found: Iterable[Tensor],
    count: int,
    field: Field,
    value_range: fields.Range,
    out: Path,
) -> None:
    drawn = torch.cat([*found])
    if isinstance(field, Pixels) and count == 1:  # a picture, no sheet
        image = to_picture(fields.stored(field, drawn, value_range)[0])
    else:
        image = fields.sheet(field, drawn, value_range, None, captions)
    files.write(out, png(image))


def _lines(
    found: Iterable[Tensor], count: int, field: Field, value_range: fields.Range, out: Path
) -> None:
    with files.stream(out) as stream:
        for part in found:
            text = "\n".join(fields.lines(field, part))
            stream.write((text + "\n").encode())


def _folder(
    found: Iterable[Tensor], count: int, field: Field, value_range: fields.Range, out: Path
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    digits = len(str(count - 1))
    stored = (fields.stored(field, part, value_range) for part in found)
    for number, pixels in enumerate(pixels for part in stored for pixels in part):
        files.write(out / f"{number:0{digits}d}.png", png(to_picture(pixels)))


def png(image: Any) -> bytes:
    """Return a picture as the content of a PNG file."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
