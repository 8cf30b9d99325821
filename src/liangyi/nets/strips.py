"""Large pictures in strips: a convolutional network sees no more than its own reach at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

_PIXELS = 2**18  # of a strip, but for its neighbours


def in_strips(network: Callable[[Tensor], Tensor], picture: Tensor, reach: int) -> Tensor:
    """Return what a network makes of pictures [N C H W], equal to the whole to rounding.

    Args:
        network: keeps height and width.
        picture: of any size.
        reach: rows above and below on which a pixel depends.
    """
    height, width = picture.shape[2:]
    rows = max(reach, _PIXELS // width)
    found = []
    for top in range(0, height, rows):
        above, below = min(reach, top), min(height, top + rows + reach)
        seen = network(picture[:, :, top - above : below])
        found.append(seen[:, :, above : above + rows])
    return torch.cat(found, 2)
