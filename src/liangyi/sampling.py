"""Samples of a trained model, as many as wanted, and where they go."""

from __future__ import annotations

import inspect
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liangyi.core import draw, files
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.views import grid

_PART = 512  # drawn at once, to bound the memory


def samples(model: Model, count: int, seed: int = 0, **conditions: Any) -> Tensor:
    """Return `count` samples [count ...] on the CPU; the first 512 are those of `model.sample`.

    Raises:
        UserError: the model does not sample, or not under such conditions.
    """
    if not hasattr(model, "sample"):
        raise UserError(f"{model.name()} draws no samples; it can: {', '.join(model.verbs())}")
    check(model, "sample", seed, conditions)
    if count < 1:
        raise UserError(f"{count} samples cannot be drawn; ask for 1 or more")
    parts = []
    for start in range(0, count, _PART):
        own = seed if start == 0 else draw.mix(seed, start)
        parts.append(model.sample(min(_PART, count - start), seed=own, **conditions).cpu())
    return torch.cat(parts)


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


def write_samples(found: Tensor, model: Model, out: Path) -> None:
    """Write samples to FILE.png (a sheet), FILE.npy, FILE.txt (tokens), or a folder of PNGs.

    Pictures in a .npy are uint8 [N H W C].

    Raises:
        UserError: these samples cannot be written in that form, or not there.
    """
    try:
        _write(found, model, out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from error


def _write(found: Tensor, model: Model, out: Path) -> None:
    spec, picture = model.spec, len(model.spec.shape) == 3
    if out.suffix == ".npy":
        array = grid.to_bytes(found, model.image_range).permute(0, 2, 3, 1) if picture else found
        stream = io.BytesIO()
        np.save(stream, array.numpy())
        files.write(out, stream.getvalue())
    elif out.suffix == ".png" and picture and len(found) == 1:  # a picture, no sheet
        pixels = grid.to_bytes(found, model.image_range)[0]
        files.write(out, _png(grid.to_picture(pixels)))
    elif out.suffix == ".png":
        files.write(out, _png(grid.picture_of(found, spec, model.image_range)))
    elif out.suffix == ".txt" and spec.vocabulary:
        files.write(out, grid.text(found) + "\n")
    elif not out.suffix and picture:
        out.mkdir(parents=True, exist_ok=True)
        digits = len(str(len(found) - 1))
        for number, pixels in enumerate(grid.to_bytes(found, model.image_range)):
            files.write(out / f"{number:0{digits}d}.png", _png(grid.to_picture(pixels)))
    else:
        endings = [".png", ".npy", *[".txt"] * bool(spec.vocabulary)]
        kinds = f"its name may end in {', '.join(endings)}" + ", or be a folder's" * picture
        raise UserError(f"cannot write these samples to {out}; {kinds}")


def _png(image: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
