"""Factors of a learning rate by the step; a model's `schedule` takes one."""

from __future__ import annotations

import math


def second_half(step: int, steps: int) -> float:
    """Return 1 in the first half of so many steps, then what falls evenly to 0; 0 steps: 1."""
    return min(1.0, max(0.0, 2 * (1 - step / steps))) if steps else 1.0


def cosine(step: int, steps: int) -> float:
    """Return what falls along half a cosine from 1 to 0 over so many steps; 0 steps: 1."""
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, step / steps)) if steps else 1.0
