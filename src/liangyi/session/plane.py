"""Codes of two or three numbers are places: where pictures lie, and what lies between them."""

from __future__ import annotations

import io
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.core.model import Model
from liangyi.core.spec import Label, Pixels
from liangyi.data import Data
from liangyi.fields.pixels import grid, to_bytes, to_picture, visible
from liangyi.runs.sheets import Places
from liangyi.views.pages import address

_SHOWN = 1000  # pictures whose codes are shown
_LARGEST = 32  # pixels of a side of the small pictures that stand for them
_COLUMNS = 32  # of the sheet in which these lie
_SIDE = 20  # pictures of a side of the manifold
_TAILS = 0.02  # of the codes on each end of an axis, which the manifold leaves out


@dataclass(frozen=True)
class Plane:
    """What a page shows of a code."""

    places: Places  # where pictures lie
    manifold: bytes | None  # PNG of decoded codes side by side, of a code of two numbers


def plane_of(model: Model, data: Data) -> Plane | None:
    """Look at the codes of pictures, the same at every look.

    None where the model has no codes, or such of another length than 2 or 3, or no pictures.
    """
    item = model.spec.item
    if "encode" not in model.verbs() or not isinstance(model.spec.created, Pixels):
        return None
    if model.encode(_some(model, data, 2)[0]).flatten(1).shape[1] not in (2, 3):
        return None
    batch = _some(model, data, _SHOWN)
    image = getattr(batch, item)
    codes = torch.cat([model.encode(part).float().cpu() for part in image.split(250)])
    return Plane(_places(model, codes, batch), _manifold(model, codes))


def _some(model: Model, data: Data, count: int) -> Any:
    """Return pictures as one batch, with their classes where the data has some."""
    names = [model.spec.item]
    if isinstance(data.spec.fields.get("label"), Label) and model.spec.item != "label":
        names.append("label")
    kind = namedtuple("Known", names)  # type: ignore[misc]
    return data.some(count, kind, model.device, model.image_range)


def _places(model: Model, codes: Tensor, batch: Any) -> Places:
    """Return where pictures lie, with their classes and a sheet of small ones."""
    small = visible(to_bytes(batch[0], model.image_range))
    high, wide = small.shape[2:]
    if max(high, wide) > _LARGEST:
        scale = _LARGEST / max(high, wide)
        size = (max(1, round(high * scale)), max(1, round(wide * scale)))
        fewer = interpolate(small.float(), size, mode="bilinear", antialias=True)
        small = fewer.round().clamp(0, 255).to(torch.uint8)
        high, wide = size
    empty = -len(small) % _COLUMNS
    blank = torch.zeros(empty, *small.shape[1:], dtype=torch.uint8, device="cpu")
    rows = torch.cat([small, blank]).unflatten(0, (-1, _COLUMNS))
    sheet = rows.permute(2, 0, 3, 1, 4).flatten(3, 4).flatten(1, 2)
    stream = io.BytesIO()
    to_picture(sheet).save(stream, "PNG", optimize=True)
    labels = batch.label.tolist() if "label" in batch._fields else []
    return Places(
        codes=[[float(f"{value:.4g}") for value in code] for code in codes.tolist()],
        labels=labels,
        names=list(model.spec.classes) if labels else [],
        sheet=address(stream.getvalue()),
        columns=_COLUMNS,
        height=high,
        width=wide,
    )


def _manifold(model: Model, codes: Tensor) -> bytes | None:
    """Draw a plane of codes side by side: even in the prior where there is one, else in place."""
    if codes.shape[1] != 2:
        return None
    if "manifold" in model.verbs():
        image = model.manifold(_SIDE).flatten(0, 1)
    elif "decode" in model.verbs():
        tails = torch.tensor([_TAILS, 1 - _TAILS], device=codes.device)
        (left, low), (right, high) = codes.quantile(tails, 0).tolist()
        across = torch.linspace(left, right, _SIDE, device=model.device)
        up = torch.linspace(high, low, _SIDE, device=model.device)
        image = model.decode(torch.cartesian_prod(up, across).flip(1))
    else:
        return None
    stream = io.BytesIO()
    grid(image, model.image_range, columns=_SIDE).save(stream, "PNG")
    return stream.getvalue()
