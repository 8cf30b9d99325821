"""Gradients and moves of weights: those of few rows, and how long they are."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def dense(gradient: Tensor | None) -> Tensor | None:
    """Return a gradient with all its rows."""
    return gradient.to_dense() if gradient is not None and gradient.is_sparse else gradient


def values(gradient: Tensor) -> Tensor:
    """Return the values of a gradient; of a sparse one those of its rows."""
    return gradient.coalesce().values() if gradient.is_sparse else gradient


@torch.no_grad()
def relative_change(before: list[Tensor], after: list[nn.Parameter]) -> Tensor:
    """Return the length of a move over the length of the weights that made it."""
    moves = torch._foreach_sub(before, list(after))
    length: Tensor = nn.utils.get_total_norm(before)
    return nn.utils.get_total_norm(moves) / length.clamp(min=1e-12)
