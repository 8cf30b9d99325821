"""Mixtures of Gaussians in the plane, of known truth: Lin et al., "PacGAN", arXiv:1712.04086, 4.1.

A sample is of high quality when it lies within three standard deviations of a mode; a mode is
covered when some high-quality sample lies nearest to it.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from liangyi.core.spec import Spec, Vector
from liangyi.data.columns import Columns
from liangyi.data.source import Source
from liangyi.metrics.modes import modes


class Mixture(Source):
    """Equally likely round Gaussians in the plane."""

    deviation: ClassVar[float]  # standard deviation of each

    @abstractmethod
    def centres(self) -> Tensor:
        """Return the modes, [M 2]."""

    def spec(self) -> Spec:
        """Return points of the plane."""
        return Spec("point", point=Vector(2))

    def fingerprint(self, split: str) -> str:
        """Name the law."""
        return f"{self.registered}-{len(self.centres())}-{self.deviation}"

    def draw(self, count: int, generator: torch.Generator) -> Columns:
        """Draw points [count 2]."""
        centres = self.centres()
        mode = torch.randint(len(centres), (count,), generator=generator, device="cpu")
        noise = torch.randn(count, 2, generator=generator, device="cpu")
        return {"point": centres[mode] + self.deviation * noise}

    def truth(self, items: Tensor) -> dict[str, float]:
        """Return what `liangyi.metrics.modes` counts; `kl` only where no mode is missing."""
        centres = self.centres()
        distance, nearest = torch.cdist(items.float().cpu(), centres).min(1)
        found = modes(nearest, distance < 3 * self.deviation, len(centres))
        return {name: value for name, value in found.items() if math.isfinite(value)}
