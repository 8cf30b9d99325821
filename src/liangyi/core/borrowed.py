"""A trained network of somebody else's, that a model looks through and never moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Borrowed:
    """A frozen network, and how it is built again."""

    reference: str  # how a person named it
    network: nn.Module
    channels: int  # of the pictures that it looks at
    image_range: tuple[float, float] | None  # of those; None: ImageNet's mean and deviation
    about: dict[str, Any]
    classes: tuple[str, ...] = ()  # that it tells apart
