"""Figures about a model: on held-out data, and against a truth that is known."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core.model import Model
from liangyi.data import Dataset, Judge, Law

_PART = 500  # items looked at together


def items_of(model: Model, data: Dataset, index: Tensor) -> Tensor:
    """Return items [N ...] of the data as the model sees them, in its range, on the CPU."""
    kind = model.batch_type(data.spec)
    parts = [data.batch(kind, part, "cpu", model.image_range)[0] for part in index.split(2000)]
    return torch.cat(parts)


def truth_of(model: Model, data: Dataset | Law, count: int = 2500) -> dict[str, float]:
    """Return figures about samples that only data of known law can give, as `truth/...`."""
    if not isinstance(data, Judge) or not hasattr(model, "sample"):
        return {}
    return {f"truth/{name}": v for name, v in data.judge(model.sample(count)).items()}


def test(model: Model, data: Dataset, limit: int | None = None) -> dict[str, float]:
    """Return the model's figures on held-out data, as `test/...`; empty where it has none.

    A limit takes so many items that stand for all.
    """
    if not hasattr(model, "evaluate"):
        return {}
    kind, chosen = model.batch_type(data.spec), data.subset(limit or len(data))
    sums: dict[str, float] = {}
    for start in range(0, len(chosen), _PART):
        index = chosen[start : start + _PART]
        batch = data.batch(kind, index, model.device, model.image_range)
        for name, value in model.evaluate(batch, first=start).items():
            sums[f"test/{name}"] = sums.get(f"test/{name}", 0.0) + float(value) * len(index)
    return {name: total / len(chosen) for name, total in sums.items()}
