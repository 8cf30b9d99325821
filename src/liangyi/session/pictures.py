"""What there is to see of a model while it learns, and of its data, each as one picture."""

from __future__ import annotations

import io
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi import fields
from liangyi.core.binding import bound
from liangyi.core.model import Model
from liangyi.core.spec import Pixels
from liangyi.data import Data
from liangyi.views.captions import asked, captions

_PAIRS = 32  # items that are shown beside their reconstructions
_ROW = 8
# small pictures with two large ones each: rows of three kinds that make a square
_ENLARGED, _ENLARGED_ROW = 48, 12
_POOLS = (4, 16, 64)  # times as many items, among which those of rare classes are looked for


def sheet_of(model: Model, data: Data | None) -> bytes | None:
    """Return a PNG of what the model can show, None where that is nothing.

    Samples, with what was asked for beside them; or held-out items, each row followed by its
    reconstructions, or by what another verb makes of pictures; or small pictures, what they are
    enlarged to, and what they were made of; or held-out questions with the right answers and the
    model's; or the dream.
    """
    field, verbs = model.spec.created, model.verbs()
    named: tuple[str, ...] = ()
    truth: Tensor | None = None
    if "sample" in verbs:
        shown = model.sample(_many(model))
        named = captions(model, asked(model, len(shown)))
        if data is not None and fields.overlaid(field):
            truth = getattr(_some(model, data, len(shown)), model.spec.item)
    elif "reconstruct" in verbs and data is not None:
        items = getattr(_some(model, data, _PAIRS), model.spec.item)
        shown = _beside(items, model.reconstruct(items))
    elif "upscale" in verbs and _small(model) and data is not None:
        shown = _enlarged(model, data)
    elif data is not None and (changes := _changes(model)):
        verb, item = changes
        items = getattr(_some(model, data, _PAIRS), item)
        shown = _beside(items, getattr(model, verb)(items))
    elif "answer" in verbs and data is not None:
        batch = _some(model, data, fields.shown(field))
        question = next(iter(verbs["answer"].parameters))
        shown = model.answer(getattr(batch, question))
        pairs = zip(*(fields.lines(model.spec[name], getattr(batch, name))
                      for name in (question, model.spec.item)), strict=True)  # fmt: skip
        named = tuple(f"{asked} | {right} |" for asked, right in pairs)
    elif "dream" in verbs:
        shown = model.dream()
    else:
        return None
    return _png(model, shown, truth, named)


def _beside(items: Tensor, found: Tensor) -> Tensor:
    """Return items, each row followed by what became of it."""
    if found.shape != items.shape:
        return found
    rows = zip(items.split(_ROW), found.split(_ROW), strict=True)
    return torch.cat([part for pair in rows for part in pair])


def _changes(model: Model) -> tuple[str, str] | None:
    """Return a verb that makes other pictures of pictures of any size, and their field."""
    for name in model.verbs():
        asked = bound(type(model), name, model.spec)
        if asked.any_size and isinstance(asked.gives, Pixels):
            return name, asked.item
    return None


def _small(model: Model) -> str:
    """Return the field of small pictures beside large ones, nothing where there is none."""
    name = next(iter(model.verbs()["upscale"].parameters))
    return name if name in model.Batch._fields and name != model.spec.item else ""


def _enlarged(model: Model, data: Data) -> Tensor:
    """Return rows of small pictures, enlarged by repeating pixels; of the model's; of real ones."""
    batch = _some(model, data, _ENLARGED)
    low, image = getattr(batch, _small(model)), getattr(batch, model.spec.item)
    plain = interpolate(low, image.shape[2:], mode="nearest")
    each = (part.split(_ENLARGED_ROW) for part in (plain, model.upscale(low), image))
    return torch.cat([part for rows in zip(*each, strict=True) for part in rows])


def real_sheet_of(model: Model, data: Data) -> bytes | None:
    """Return a PNG of real items to hold beside `sheet_of`: as many, as large, of those classes.

    None where that shows real items already.
    """
    field = model.spec.created
    if "sample" not in model.verbs() or fields.overlaid(field):
        return None
    count = _many(model)
    label = asked(model, count)
    if label is None or model.conditions("sample") != ["label"]:
        return _png(model, getattr(_some(model, data, count), model.spec.item))
    for factor in _POOLS:
        pool = _some(model, data, factor * count)
        chosen, complete = _of_classes(pool.label.cpu(), label)
        if complete:
            break
    found = getattr(pool, model.spec.item)[chosen.to(pool.label.device)]
    return _png(model, found, None, captions(model, pool.label.cpu()[chosen]))


def _many(model: Model) -> int:
    """Return how many samples a sheet shows: as many of each class, where there are classes."""
    count = fields.shown(model.spec.created)
    classes = len(model.spec.classes) if model.conditions("sample") == ["label"] else 1
    return count - count % classes if classes <= count else count


def _of_classes(there: Tensor, wanted: Tensor) -> tuple[Tensor, bool]:
    """Return which items have the wanted classes, each item once; and whether all were found."""
    queues = {
        kind: (there == kind).nonzero().flatten().tolist() for kind in wanted.unique().tolist()
    }
    chosen = [queues[kind].pop(0) for kind in wanted.tolist() if queues[kind]]
    return torch.tensor(chosen, dtype=torch.int64, device="cpu"), len(chosen) == len(wanted)


def _some(model: Model, data: Data, count: int) -> Any:
    return data.some(count, model.Batch, model.device, model.image_range)


def _png(
    model: Model, shown: Tensor, truth: Tensor | None = None, named: tuple[str, ...] = ()
) -> bytes:
    stream = io.BytesIO()
    sheet = fields.sheet(model.spec.created, shown.cpu(), model.image_range, truth, named)
    sheet.save(stream, "PNG")
    return stream.getvalue()
