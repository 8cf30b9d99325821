"""Toy laws with known truth: where GANs fail, and by how much, can be counted.

`ring` and `grid` are the mixtures of Lin et al., "PacGAN", arXiv:1712.04086, section 4.1. A sample
is of high quality when it lies within three standard deviations of a mode; a mode is covered when
some high-quality sample lies nearest to it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from liangyi.core.batch import Spec
from liangyi.metrics.modes import modes


class Mixture:
    """Equally likely round Gaussians in the plane.

    Args:
        name: for the fingerprint.
        centres: of the modes, [M 2].
        deviation: standard deviation of each.
    """

    spec = Spec(kind="Points", shape=(2,))

    def __init__(self, name: str, centres: Tensor, deviation: float) -> None:
        self.fingerprint = f"{name}-{len(centres)}-{deviation}"
        self.modes, self.deviation = centres, deviation

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw points [count 2]."""
        mode = torch.randint(len(self.modes), (count,), generator=generator, device="cpu")
        noise = torch.randn(count, 2, generator=generator, device="cpu")
        return self.modes[mode] + self.deviation * noise

    def judge(self, samples: Tensor) -> dict[str, float]:
        """Return what `liangyi.metrics.modes` counts; `kl` only where no mode is missing."""
        distance, nearest = torch.cdist(samples.float().cpu(), self.modes).min(1)
        found = modes(nearest, distance < 3 * self.deviation, len(self.modes))
        return {name: value for name, value in found.items() if math.isfinite(value)}


def ring() -> Mixture:
    """Eight Gaussians on the unit circle, standard deviation 0.01."""
    # eight of nine angles: the last of linspace(0, 2 pi, 8) would fall on the first
    angle = torch.arange(8, device="cpu") * (2 * math.pi / 8)
    return Mixture("ring", torch.stack([angle.cos(), angle.sin()], 1), 0.01)


def grid() -> Mixture:
    """Twenty-five Gaussians on a square lattice from -4 to 4, standard deviation 0.05."""
    side = torch.arange(-4.0, 5.0, 2.0, device="cpu")
    return Mixture("grid", torch.cartesian_prod(side, side), 0.05)


class Parabola:
    """Points on y = x^2 with x ~ U(-1/2, 1/2): a curve in the plane, no noise around it."""

    spec = Spec(kind="Points", shape=(2,))
    fingerprint = "parabola"

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw points [count 2]."""
        x = torch.rand(count, generator=generator, device="cpu") - 0.5
        return torch.stack([x, x**2], 1)

    def judge(self, samples: Tensor) -> dict[str, float]:
        """Return `off_curve` = E|y - x^2| and `wasserstein` of x to its uniform law."""
        x, y = samples.float().cpu().unbind(1)
        even = (torch.arange(len(x), device="cpu") + 0.5) / len(
            x
        ) - 0.5  # quantiles of U(-1/2, 1/2)
        return {
            "off_curve": float((y - x**2).abs().mean()),
            "wasserstein": float((x.sort().values - even).abs().mean()),
        }
