"""Laws of the noise z that a generator begins with; a model takes one: `noise = latent.normal`."""

from __future__ import annotations

from torch import Tensor

from liangyi.core import draw
from liangyi.core.model import Model


def normal(model: Model, count: int) -> Tensor:
    """Return noise of N(0, 1), [count latent]."""
    return draw.normal(count, model.config.latent, device=model.device)


def uniform(model: Model, count: int) -> Tensor:
    """Return noise of U(-1, 1), [count latent]."""
    return draw.uniform(count, model.config.latent, device=model.device) * 2 - 1
