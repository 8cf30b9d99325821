"""A model with its first weights: a function of its settings, its data's spec and a seed."""

from __future__ import annotations

import torch

from liangyi.core import capacity, draw
from liangyi.core.config import Config
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Spec


def build(kind: type[Model], config: Config, spec: Spec, seed: int) -> Model:
    """Return a new model whose first weights are a function of the seed.

    Raises:
        UserError: the model cannot learn from such data, or not with such settings.
    """
    kind.batch_type(spec)
    with draw.seeded(seed, "weights", device=torch.device("cpu")):
        try:
            with capacity.bounded(kind.name(), config):
                return kind(config, spec)
        except (ValueError, IndexError, ZeroDivisionError) as error:
            if isinstance(error, UserError):
                raise
            raise UserError(
                f"{kind.name()} cannot be built with these settings for {spec.created}: {error}"
            ) from error
