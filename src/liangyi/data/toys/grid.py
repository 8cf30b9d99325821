"""Twenty-five Gaussians on a square lattice from -4 to 4, standard deviation 0.05."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.data.source import source
from liangyi.data.toys.mixture import Mixture


@source("grid", "25 Gaussians on a lattice; endless, law known")
class Grid(Mixture):
    """Twenty-five Gaussians on a lattice."""

    deviation = 0.05

    def centres(self) -> Tensor:
        """Return the lattice."""
        side = torch.arange(-4.0, 5.0, 2.0, device="cpu")
        return torch.cartesian_prod(side, side)
