"""Points on y = x^2 with x ~ U(-1/2, 1/2): a curve in the plane, no noise around it."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core.spec import Spec, Vector
from liangyi.data.columns import Columns
from liangyi.data.source import Source, source
from liangyi.metrics.uniform import to_uniform


@source("parabola", "points on y = x^2; endless, law known")
class Parabola(Source):
    """Points on a curve."""

    def spec(self) -> Spec:
        """Return points of the plane."""
        return Spec("point", point=Vector(2))

    def draw(self, count: int, generator: torch.Generator) -> Columns:
        """Draw points [count 2]."""
        x = torch.rand(count, generator=generator, device="cpu") - 0.5
        return {"point": torch.stack([x, x**2], 1)}

    def truth(self, items: Tensor) -> dict[str, float]:
        """Return `off_curve` = E|y - x^2|, and how far x is from its uniform law."""
        x, y = items.float().cpu().unbind(1)
        distance, gap = to_uniform(x, -0.5, 0.5)
        return {
            "off_curve": float((y - x**2).abs().mean()),
            "wasserstein_of_x": distance,
            "kolmogorov_of_x": gap,
        }
