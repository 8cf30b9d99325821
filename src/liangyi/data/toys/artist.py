"""Works of an artist: lines of 15 points on a t^2 + (a - 1), one number a ~ U(1, 2) for each line.

The toy of Morvan Zhou's tutorials (`406_GAN.py`, `406_conditional_GAN.py`): t is evenly spaced from
-1 to 1, and a line is of the upper class where a > 3/2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core.spec import Label, Spec, Vector
from liangyi.data.columns import Columns
from liangyi.data.source import Source, source
from liangyi.metrics.uniform import to_uniform

_POINTS = 15


@source("artist", "lines of 15 points on a t^2 + a - 1, in two classes; endless, law known")
class Artist(Source):
    """Lines of a family with one number."""

    def spec(self) -> Spec:
        """Return lines, each of the lower or the upper half of the family."""
        return Spec("point", point=Vector(_POINTS), label=Label(("lower", "upper")))

    def draw(self, count: int, generator: torch.Generator) -> Columns:
        """Draw lines [count 15] and their classes [count]."""
        a = 1 + torch.rand(count, generator=generator, device="cpu")
        return {"point": a[:, None] * _shape() - 1, "label": (a > 1.5).long()}

    def truth(self, items: Tensor) -> dict[str, float]:
        """Return `off_curve`, E|y - the nearest line's|, and how far a is from its uniform law."""
        lines = items.float().cpu()
        a = _number(lines)
        distance, gap = to_uniform(a, 1, 2)
        return {
            "off_curve": float((lines - (a[:, None] * _shape() - 1)).abs().mean()),
            "wasserstein_of_a": distance,
            "kolmogorov_of_a": gap,
        }

    def classes(self, items: Tensor) -> Tensor:
        """Return the class [N] of the nearest line of the family."""
        return (_number(items.float().cpu()) > 1.5).long()


def _shape() -> Tensor:
    """Return t^2 + 1 at the points: a line is a times it, less 1."""
    return torch.linspace(-1, 1, _POINTS, device="cpu").square() + 1


def _number(lines: Tensor) -> Tensor:
    """Return the a [N] of the lines of the family that are nearest, by least squares."""
    return (lines + 1) @ _shape() / _shape().square().sum()
