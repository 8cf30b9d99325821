"""Averaged weights: a second copy of a model that follows the one which learns."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from liangyi.core.model import Model


class Average:
    """The exponential moving average of a model's weights.

    Args:
        model: the one that learns.
        decay: share of the average that a step leaves as it was.
    """

    def __init__(self, model: Model, decay: float) -> None:
        self.model: Model = copy.deepcopy(model).eval()
        self._decay = decay
        # looked up once: that takes longer than a step of a small model
        self._weights: list[Tensor] = list(self.model.parameters())
        self._raw: list[Tensor] = list(model.parameters())
        self._buffers = list(zip(self.model.buffers(), model.buffers(), strict=True))

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """Move towards the model after so many steps."""
        # early on the average must forget the random start
        decay = min(self._decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self._weights, self._raw, 1 - decay)
        # running statistics are averages already: averaged again, they would lag twice
        for own, buffer in self._buffers:
            own.copy_(buffer)
