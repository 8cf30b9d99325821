"""What our scores cost beside the usual ways to the same numbers, and how well they agree.

    python -m benchmarks.score [ITEMS] [WIDTH]

The features are random, correlated and like those of a good generator: two draws of nearly one law.
The Frechet distance is set against numpy's covariance and scipy's root of a general matrix, from
covariances and from features; the manifold (k = 5) against `prdc`, if it is installed. All sides
run in turn, three rounds, so that other work on the machine hits all; figures are medians.
"""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy
import scipy.linalg
import torch
from torch import Tensor

from liangyi.metrics.frechet import frechet, gaussian
from liangyi.metrics.neighbours import manifold

ROUNDS = 3
Work = Callable[[], dict[str, float]]


def features(items: int, width: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    # eigenvalues that fall as a power, as those of Inception's features do
    scale = torch.arange(1, width + 1) ** -0.5
    mix = torch.linalg.qr(torch.randn(width, width, generator=generator)).Q * scale
    real, fake = torch.randn(2, items, width, generator=generator) @ mix.T
    return real, 0.9 * fake + 0.02


def usual_covariances(items: Tensor) -> tuple[numpy.ndarray, numpy.ndarray]:
    values = items.double().numpy()
    return values.mean(0), numpy.cov(values, rowvar=False)


def usual_frechet(one: Any, other: Any) -> float:
    root = scipy.linalg.sqrtm(one[1] @ other[1])
    traces = numpy.trace(one[1]) + numpy.trace(other[1]) - 2 * numpy.trace(root).real
    return float(numpy.square(one[0] - other[0]).sum() + traces)


def comparisons(real: Tensor, fake: Tensor) -> dict[str, tuple[Work, Work]]:
    """Return pairs of ours and the usual way, each giving named values."""
    fits = gaussian(real), gaussian(fake)
    covariances = usual_covariances(real), usual_covariances(fake)

    def ours_manifold() -> dict[str, float]:
        return {name: float(value.mean()) for name, value in manifold(real, fake)._asdict().items()}

    found: dict[str, tuple[Work, Work]] = {
        "frechet from covariances": (
            lambda: {"frechet": frechet(*fits)},
            lambda: {"frechet": usual_frechet(*covariances)},
        ),
        "frechet from features": (
            lambda: {"frechet": frechet(gaussian(real), gaussian(fake))},
            lambda: {"frechet": usual_frechet(usual_covariances(real), usual_covariances(fake))},
        ),
    }
    try:
        from prdc import compute_prdc
    except ImportError:
        print("prdc is not installed: no comparison of the manifold", file=sys.stderr)
        return found

    def usual_manifold() -> dict[str, float]:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints the numbers of items
            values = compute_prdc(real.numpy(), fake.numpy(), nearest_k=5)
        return {name: float(value) for name, value in values.items()}

    return found | {"manifold k=5": (ours_manifold, usual_manifold)}


def timed(work: Work) -> tuple[float, dict[str, float]]:
    began = time.perf_counter()
    values = work()
    return time.perf_counter() - began, values


def main(items: int, width: int) -> None:
    for pair in comparisons(*features(64, 8)).values():
        for work in pair:
            work()  # warm: imports, threads
    pairs = comparisons(*features(items, width))
    times: dict[str, list[list[float]]] = {name: [[], []] for name in pairs}
    values: dict[str, list[dict[str, float]]] = {name: [{}, {}] for name in pairs}
    for turn in range(ROUNDS):
        for name, pair in pairs.items():
            for side in (0, 1) if turn % 2 else (1, 0):
                seconds, values[name][side] = timed(pair[side])
                times[name][side].append(seconds)
    rows = {}
    for name in pairs:
        ours, usual = (statistics.median(side) for side in times[name])
        apart = {key: abs(values[name][0][key] - value) for key, value in values[name][1].items()}
        rows[name] = {
            "ours_seconds": ours,
            "usual_seconds": usual,
            "ratio": usual / ours,
            "ours": values[name][0],
            "usual": values[name][1],
            "largest_difference": max(apart.values()),
        }
    threads = torch.get_num_threads()
    about = {"items": items, "width": width, "rounds": ROUNDS, "threads": threads}
    print(json.dumps(about | {"results": rows}, indent=2))
    print("\n| | ours, s | usual, s | usual / ours | largest difference |\n|---|---|---|---|---|")
    for name, row in rows.items():
        print(
            f"| {name} | {row['ours_seconds']:.3f} | {row['usual_seconds']:.3f} "
            f"| {row['ratio']:.1f} | {row['largest_difference']:.1e} |"
        )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [10000, 2048][len(given) :]))
