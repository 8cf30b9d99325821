"""Eight Gaussians on the unit circle, standard deviation 0.01."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from liangyi.data.source import source
from liangyi.data.toys.mixture import Mixture


@source("ring", "8 Gaussians on a circle; endless, law known")
class Ring(Mixture):
    """Eight Gaussians on the unit circle."""

    deviation = 0.01

    def centres(self) -> Tensor:
        """Return eight of nine angles: the last of linspace(0, 2 pi, 8) would fall on the first."""
        angle = torch.arange(8, device="cpu") * (2 * math.pi / 8)
        return torch.stack([angle.cos(), angle.sin()], 1)
