"""Cut a side's work into stretches of about the same time, whatever its speed."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import torch

from benchmarks.harness import Work


def stretches(run: Callable[[int], None], units: float, warm: int, seconds: float) -> Work:
    """Return stretches of work.

    Args:
        run: makes so many steps and returns when they are done.
        units: of one step (pictures, or 1).
        warm: steps before the first stretch; as many again tell how long a step is.
        seconds: how long a stretch should last.
    """
    run(warm)
    began = time.perf_counter()
    run(warm)
    steps = max(1, round(seconds * warm / (time.perf_counter() - began)))

    def work() -> float:
        run(steps)
        return steps * units

    return work


def repeated(step: Callable[[int], None], device: str) -> Callable[[int], None]:
    """Return what makes so many steps, counting them, and waits until the device has done them."""
    made = 0

    def run(count: int) -> None:
        nonlocal made
        for _ in range(count):
            step(made)
            made += 1
        if device != "cpu":
            torch.accelerator.synchronize()

    return run


def peak() -> float:
    """Return the largest memory that this process has had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
