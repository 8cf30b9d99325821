"""Live signals: what can be seen of a training in a moment, beside its losses.

Everything is a function of the weights and the data: looking changes nothing, and a resumed
training sees what an uninterrupted one does. Items are compared as they are (pixels, coordinates,
tokens), so no other network is needed.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import normalize

from liangyi import fields
from liangyi.core import draw
from liangyi.core.batch import Interactions
from liangyi.core.model import Model, evaluating
from liangyi.core.spec import PADDING, UNKNOWN, Label, Word
from liangyi.data import Data
from liangyi.doctor import crowd
from liangyi.doctor.popularity import popularity
from liangyi.metrics.bounds import active_units
from liangyi.metrics.classes import entropy_share

LOOK = 256  # samples and real items that are looked at
LABELLED = 1000  # real items that tell a sample's class; words that are looked at


class Reference(NamedTuple):
    """Real batches that stand for the data; the same at every look."""

    train: Any  # LOOK items, in the model's range
    held_out: Any  # as many, None where nothing is held out
    labelled: Any  # items that tell the class of a sample, None where there are no classes

    @classmethod
    def of(cls, model: Model, data: Data, held_out: Data | None) -> Reference:
        """Gather the items from the data on which the model learns."""

        def some(count: int, source: Data) -> Any:
            return source.some(count, model.Batch, model.device, model.image_range)

        held = some(LOOK, held_out) if held_out is not None else None
        if held is not None and len(held[0]) < 2:
            held = None  # one item has no statistics of a batch, and says nothing of many
        return cls(some(LOOK, data), held, _labelled(model, data))


def _labelled(model: Model, data: Data) -> tuple[Tensor, Tensor] | None:
    """Return items and their classes, as many as tell the class of a sample."""
    if not isinstance(data.spec.fields.get("label"), Label) or data.spec.item == "label":
        return None
    item = data.spec.item
    kind = namedtuple("Known", (item, "label"))  # type: ignore[misc]
    found = data.some(LABELLED, kind, model.device, model.image_range)
    return found[0], found[1]


@torch.no_grad()  # what is a view of a weight still asks for a gradient
def signals(model: Model, averaged: Model, real: Reference) -> dict[str, float]:
    """Return the signals of a model as `signal/...`; those it has no part for are left out.

    Args:
        model: with the weights that training moves.
        averaged: with the weights that draw the samples; may be the same.
        real: what to compare with.
    """
    found: dict[str, float] = {}
    if len(real.train[0]) < 2:
        return found  # one item is at no distance from others
    if "sample" in model.verbs():
        found |= _drawn(model, averaged, real)
    if "rank" in model.verbs() and isinstance(real.held_out, Interactions):
        asked = real.held_out
        found |= popularity(averaged.rank(asked), asked.relevance, asked.mask, real.train.relevance)
    if "encode" in model.verbs():
        codes = model.encode(getattr(real.train, model.spec.item))
        found["active_units"] = active_units(codes) / codes.shape[1]
    if "reconstruct" in model.verbs() and fields.continuous(model.spec.created):
        found["explained"] = _explained(
            model, getattr(real.held_out or real.train, model.spec.item)
        )
    if "embed" in model.verbs() and isinstance(model.spec.created.part, Word):
        found["one_way"] = _one_way(model, model.spec.created.part)
    return {f"signal/{name}": value for name, value in found.items()}


def _explained(model: Model, items: Tensor) -> float:
    """Return the share of the variance of items that reconstructions keep: of their mean, 0."""
    field = model.spec.created
    again, true = (fields.coordinates(field, x) for x in (model.reconstruct(items), items))
    total = float((true - true.mean(0)).square().sum())
    return 1 - float((again - true).square().sum()) / total if total else 1.0


def _one_way(model: Model, field: Word) -> float:
    """Return the mean cosine of two of the most frequent words: of their mean direction."""
    known = [n for n, word in enumerate(field.vocabulary) if word not in (PADDING, UNKNOWN)]
    index = torch.tensor(known[:LABELLED], device=model.device)
    return float(normalize(model.embed(index)).mean(0).square().sum())


def _drawn(model: Model, averaged: Model, real: Reference) -> dict[str, float]:
    field, item = model.spec.created, model.spec.item
    known = getattr(real.train, item)
    given = real.train if model.conditions("sample") else None
    shown = _generated(averaged, len(known), given)
    found = crowd.compared(field, getattr(shown, item), known)
    if fields.continuous(field):
        found |= crowd.extent(getattr(shown, item), known)
    if real.labelled is not None:
        found |= _classes(model, shown, *real.labelled)
    now = _generated(model, len(known), given) if averaged is not model else shown
    if averaged is not model and fields.continuous(field):
        # the same noise, drawn with the weights of now and of the recent past
        move = fields.coordinates(field, getattr(shown, item) - getattr(now, item)).norm(dim=1)
        found["drift"] = float(move.mean() / crowd.spread(field, known))
    if model.adversary:
        found |= judgements(model, now, real)
    return found


def _generated(model: Model, count: int, given: Any) -> Any:
    with evaluating(model):
        return model.generated(count, given)


def judgements(model: Model, drawn: Any, real: Reference) -> dict[str, float]:
    """Return what the model's adversary says of real, held-out and generated batches.

    Logits are above 0 for real; the values of a critic have no zero, so there it is the middle
    between the means of real and generated items.
    """
    with _as_in_training(model):
        true, false = _values(model, real.train), _values(model, drawn)
        held = None if real.held_out is None else _values(model, real.held_out)
        slope = _slope(model, real.train, drawn)
    zero = 0.0 if model.adversary == "logits" else float(true.mean() + false.mean()) / 2
    gap = float(true.mean() - false.mean())
    found = {
        "real_accuracy": float((true > zero).float().mean()),
        "fake_accuracy": float((false <= zero).float().mean()),
        "gap": gap,
        "auc": float(((true[:, None] - false).sign() + 1).mean()) / 2,
    }
    if slope is not None:
        found["slope"] = slope
    if held is not None:
        found["held_out_accuracy"] = float((held > zero).float().mean())
        # the share of the gap that is memory: Karras et al., arXiv:2006.06676, equation 1
        found["overfit"] = float(true.mean() - held.mean()) / max(abs(gap), 1e-6)
    return found


def _slope(model: Model, real: Any, drawn: Any) -> float | None:
    """Return the adversary's mean slope between real and generated items, where that is defined."""
    item = model.spec.item
    if not fields.continuous(model.spec.created) or item not in drawn._fields:
        return None
    one, other = getattr(real, item), getattr(drawn, item)
    if one.shape != other.shape or not one.is_floating_point():
        return None
    share = torch.linspace(0, 1, len(one), device=one.device).view(-1, *[1] * (one.dim() - 1))
    between = (share * one + (1 - share) * other).requires_grad_()
    with torch.enable_grad():
        values = _values(model, drawn._replace(**{item: between}))
        (gradient,) = torch.autograd.grad(values.sum(), between)
    return float(gradient.flatten(1).norm(dim=1).mean())


def _values(model: Model, batch: Any) -> Tensor:
    return model.judgement(batch).float().flatten()


@contextmanager
def _as_in_training(model: Model) -> Iterator[None]:
    """Let layers behave as they do while learning, and leave no trace of it."""
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        with draw.fixed(0, model.device), torch.no_grad():
            model.train()
            yield
    finally:
        for buffer, before in buffers:
            buffer.copy_(before)
        for module, mode in modes:
            module.training = mode


def _classes(model: Model, shown: Any, items: Tensor, label: Tensor) -> dict[str, float]:
    """Return how evenly the samples share the classes, by the class of the nearest real item."""
    drawn = getattr(shown, model.spec.item)
    seen = label[fields.distances(model.spec.created, drawn, items).argmin(1)]
    classes, found = len(model.spec.classes), {}
    if classes > 1:
        found["class_entropy"] = entropy_share(seen.bincount(minlength=classes))
    if "label" in model.conditions("sample"):
        found["as_asked"] = float((seen == shown.label).float().mean())
    return found
