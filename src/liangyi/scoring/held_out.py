"""A model's own figures on data that it did not learn from."""

from __future__ import annotations

from liangyi.core.model import Model
from liangyi.data import Data, Dataset


def figures_on(model: Model, data: Data, limit: int | None = None) -> dict[str, float]:
    """Return what the model's verb `evaluate` says of data, as `test/...`; empty without it."""
    if "evaluate" not in model.verbs():
        return {}
    if not isinstance(data, Dataset):
        batch = data.some(limit or 2000, model.Batch, model.device, model.image_range)
        return {f"test/{name}": float(value) for name, value in model.evaluate(batch).items()}
    index = data.subset(limit or len(data))
    sums: dict[str, float] = {}
    weights: dict[str, float] = {}
    seen = 0
    for part in index.split(500):
        batch = data.batch(model.Batch, part, model.device, model.image_range)
        counts = model.means_over(batch)
        for name, value in model.evaluate(batch, first=seen).items():  # noise of its own
            weight = counts.get(name, len(part))
            sums[name] = sums.get(name, 0.0) + float(value) * weight
            weights[name] = weights.get(name, 0.0) + weight
        seen += len(part)
    return {f"test/{name}": total / weights[name] for name, total in sums.items()}
