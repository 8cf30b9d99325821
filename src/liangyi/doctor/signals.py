"""Live signals: what can be seen of a training in a moment, beside its losses.

Everything is a function of the weights and the data: looking changes nothing, and a resumed
training sees what an uninterrupted one does. Items are compared as they are (pixels, coordinates,
tokens), so no other network is needed.
"""

from __future__ import annotations

import inspect
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.model import Model
from liangyi.data import Dataset, Law
from liangyi.doctor import crowd
from liangyi.metrics.bounds import active_units
from liangyi.metrics.classes import entropy_share

LOOK = 256  # samples and real items that are looked at
JUDGES = ("discriminator", "critic")
LABELLED = 1000  # real items that tell a sample's class


class Reference(NamedTuple):
    """Real items that stand for the data; the same at every look."""

    train: Tensor  # [n ...], in the model's range
    held_out: Tensor | None  # [m ...], None where nothing is held out
    labelled: Tensor | None  # [N ...], items that tell the class of a sample
    label: Tensor | None  # [N]

    @classmethod
    def of(cls, model: Model, data: Dataset | Law, held_out: Dataset | Law | None) -> Reference:
        """Gather the items from the data on which the model learns."""
        if not isinstance(data, Dataset):
            points = [data.draw(LOOK, draw.generator(0, "doctor", part)) for part in (0, 1)]
            return cls(points[0].to(model.device), points[1].to(model.device), None, None)
        train, _ = _some(model, data, LOOK)
        held, _ = _some(model, held_out, LOOK) if isinstance(held_out, Dataset) else (None, None)
        labelled, label = _some(model, data, LABELLED)
        return cls(train, held, labelled if label is not None else None, label)


def _some(model: Model, data: Dataset, count: int) -> tuple[Tensor, Tensor | None]:
    """Return items that stand for the data, and their labels."""
    index = data.subset(count)
    kind = model.batch_type(data.spec)
    items = data.batch(kind, index, model.device, model.image_range)[0]
    label = data.columns.get("label")
    return items, None if label is None else label[index.to(label.device)].to(model.device)


def signals(
    model: Model, averaged: Model, real: Reference, players: Container[str] = JUDGES
) -> dict[str, float]:
    """Return the signals of a model as `signal/...`; those it has no part for are left out.

    Args:
        model: with the weights that training moves.
        averaged: with the weights that draw the samples; may be the same.
        real: what to compare with.
        players: who learns just now; a judge that does not is not asked.
    """
    found: dict[str, float] = {}
    if len(real.train) < 2:
        return found  # one item is at no distance from others
    if hasattr(model, "sample"):
        shown = averaged.sample(LOOK)
        judge = next((name for name in JUDGES if name in players and hasattr(model, name)), None)
        found |= crowd.compared(shown, real.train)
        if not model.spec.vocabulary:
            found |= crowd.extent(shown, real.train)
        if real.labelled is not None and real.label is not None:
            found |= _classes(model, shown, real.labelled, real.label)
        moves = averaged is not model and not model.spec.vocabulary
        drawn = model.sample(LOOK) if averaged is not model and (moves or judge) else shown
        if moves:
            # the same noise, drawn with the weights of now and of the recent past
            move = (shown - drawn).flatten(1).norm(dim=1).mean()
            found["unrest"] = float(move / crowd.spread(real.train))
        if judge is not None:
            found |= judged(model, judge, drawn, real)
    if hasattr(model, "encode"):
        codes = model.encode(real.train)
        found["active"] = active_units(codes) / codes.shape[1]
    return {f"signal/{name}": value for name, value in found.items()}


def judged(model: Model, name: str, drawn: Tensor, real: Reference) -> dict[str, float]:
    """Return what the model's own judge says of real, held-out and drawn items.

    A network called `discriminator` gives logits, above 0 for real; the values of a `critic` have
    no zero, so there it is the middle between the means of real and drawn items.
    """
    with _as_in_training(model):
        true = _values(getattr(model, name), real.train)
        false = _values(getattr(model, name), drawn)
        held = None if real.held_out is None else _values(getattr(model, name), real.held_out)
        count = min(len(drawn), len(real.train))
        mix = torch.linspace(0, 1, count, device=drawn.device)
        slope = _slope(getattr(model, name), real.train[:count], drawn[:count], mix)
    zero = 0.0 if name == "discriminator" else float(true.mean() + false.mean()) / 2
    gap = float(true.mean() - false.mean())
    found = {
        "real": float((true > zero).float().mean()),
        "fake": float((false <= zero).float().mean()),
        "gap": gap,
        "separation": float((true[:, None] > false).float().mean()),
    }
    if slope is not None:
        found["slope"] = slope
    if held is not None:
        found["held_out"] = float((held > zero).float().mean())
        # the share of the gap that is memory: Karras et al., arXiv:2006.06676, equation 1
        found["overfit"] = float(true.mean() - held.mean()) / max(abs(gap), 1e-6)
    return found


def _slope(judge: nn.Module, real: Tensor, drawn: Tensor, mix: Tensor) -> float | None:
    """Return the judge's mean slope between real and drawn items; tokens have nothing between."""
    if not real.is_floating_point():
        return None
    share = mix.view(-1, *[1] * (real.dim() - 1))
    between = (share * real + (1 - share) * drawn).requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(_values(judge, between).sum(), between)
    return float(gradient.flatten(1).norm(dim=1).mean())


def _values(judge: nn.Module, items: Tensor) -> Tensor:
    output = judge(items)
    return (output[0] if isinstance(output, tuple) else output).float().flatten()


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


def _classes(model: Model, shown: Tensor, items: Tensor, label: Tensor) -> dict[str, float]:
    """Return how evenly the samples share the classes, by the class of the nearest real item."""
    nearest = crowd.distances(shown, items).argmin(1)
    seen, classes = label[nearest], len(model.spec.classes)
    found = {}
    if classes > 1:
        found["class_entropy"] = entropy_share(seen.bincount(minlength=classes))
    if "label" in inspect.signature(model.sample).parameters:
        asked = torch.arange(len(shown), device=seen.device) % classes
        found["as_asked"] = float((seen == asked).float().mean())
    return found
