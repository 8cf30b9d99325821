"""How unlike two pictures are to a network that was trained to name things."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize


def perceptual_distance(ones: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """Return the distance [N] of pictures by what layers of a network see in them; 0 is equality.

    Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric",
    arXiv:1801.03924, equation 1 with all channels weighted alike: at each place the squared
    distance of the vectors of all channels, each of length 1; the mean over the places, then over
    the layers. Differentiable.

    Args:
        ones: maps [N C H W] of each layer.
        others: those of the other pictures.
    """
    found = [
        (normalize(one.float()) - normalize(other.float())).square().sum(1).mean((1, 2))
        for one, other in zip(ones, others, strict=True)
    ]
    return torch.stack(found).mean(0)
