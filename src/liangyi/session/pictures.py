"""What there is to see of a model while it learns, as one picture."""

from __future__ import annotations

import io

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.model import Model, evaluating
from liangyi.data import Data

_PAIRS = 32  # items that are shown beside their reconstructions
_ROW = 8


def sheet_of(model: Model, data: Data | None) -> bytes | None:
    """Return a PNG of what the model can show, None where that is nothing.

    Samples, with what was asked for below them; or held-out items, each row followed by its
    reconstructions; or the dream.
    """
    field, verbs = model.spec.created, model.verbs()
    captions: tuple[str, ...] = ()
    truth: Tensor | None = None
    if "sample" in verbs:
        shown, captions = _samples(model, fields.shown(field))
        if data is not None and not data.size:
            truth = getattr(_some(model, data, len(shown)), model.spec.item)
    elif "reconstruct" in verbs and data is not None:
        items = getattr(_some(model, data, _PAIRS), model.spec.item)
        rows = zip(items.split(_ROW), model.reconstruct(items).split(_ROW), strict=True)
        shown = torch.cat([part for pair in rows for part in pair])
    elif "dream" in verbs:
        shown = model.dream()
    else:
        return None
    stream = io.BytesIO()
    sheet = fields.sheet(field, shown.cpu(), model.image_range, truth, captions)
    sheet.save(stream, "PNG")
    return stream.getvalue()


def _some(model: Model, data: Data, count: int) -> object:
    return data.some(count, model.Batch, model.device, model.image_range)


def _samples(model: Model, count: int) -> tuple[Tensor, tuple[str, ...]]:
    """Return samples, and a caption each where they can be asked for something."""
    shown: Tensor = model.sample(count)
    if model.conditions("sample") != ["label"]:
        return shown, ()
    with evaluating(model):  # without a label the classes come in turn
        label = model.asked(count)
    return shown, tuple(fields.lines(model.spec["label"], label.cpu()))
