"""How excited a layer of a classifier is: what DeepDream climbs."""

from __future__ import annotations

import torch
from torch import Tensor


def excitement(activation: Tensor, border: int = 0, guide: Tensor | None = None) -> Tensor:
    """Return the mean square of a layer's activation, or its mean product with a guide's.

    The border is left out of the sum, not of the count, as in the Keras example `deep_dream.py`.

    Args:
        activation: [1 C ...].
        border: places of a map's margin that are left out, where it is large enough.
        guide: another picture's activation [1 C ...]: each place counts by its product with that
            place of the guide which makes it largest, as in Google's notebook of 2015.
    """
    inner = activation.float()
    if inner.dim() == 4 and border and min(inner.shape[2:]) > 2 * border:
        inner = inner[:, :, border:-border, border:-border]
    total = inner.square().sum() if guide is None else _matched(inner, guide.float())
    return total / activation.numel()


def _matched(seen: Tensor, wanted: Tensor) -> Tensor:
    here, there = (part.flatten(2)[0] if part.dim() > 2 else part.T for part in (seen, wanted))
    with torch.no_grad():
        best = torch.cat([(part.T @ there).argmax(1) for part in here.split(1024, dim=1)])
    return (here * there[:, best]).sum()
