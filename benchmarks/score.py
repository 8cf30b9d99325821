"""What our scores cost beside the usual ways to the same numbers, and how well they agree.

    python -m benchmarks score [ITEMS] [WIDTH] [--rounds 5] [--threads 2] [--json FILE]

The features are random, correlated and like those of a good generator: two draws of nearly one law.
The Frechet distance is set against numpy's covariance and scipy's root of a general matrix, and
against torch-fidelity's functions, from covariances and from features; the kernel distance over all
pairs against torch-fidelity's with a single subset that holds everything; the manifold (k = 5)
against `prdc`, and its precision and recall against torch-fidelity's. All work on features in
memory, so no network's weights are needed. Each side is a process of its own; they take turns. What
is not installed is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import io
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks import harness
from benchmarks.harness import Outcome, Prepared, Side

NEIGHBOURS = 5
OURS = "liangyi"
Values = dict[str, float]


def features(items: int, width: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    # eigenvalues that fall as a power, as those of Inception's features do
    scale = torch.arange(1, width + 1) ** -0.5
    mix = torch.linalg.qr(torch.randn(width, width, generator=generator)).Q * scale
    real, fake = torch.randn(2, items, width, generator=generator) @ mix.T
    return real, 0.9 * fake + 0.02


# each way returns what is to be timed, everything before it done


def ours_of_covariances(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    from liangyi.metrics.frechet import frechet, gaussian

    fits = gaussian(real), gaussian(fake)
    return lambda: {"frechet": frechet(*fits)}


def ours_of_features(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    from liangyi.metrics.frechet import frechet, gaussian

    return lambda: {"frechet": frechet(gaussian(real), gaussian(fake))}


def ours_of_pairs(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    from liangyi.metrics.kernel import kernel_distance

    return lambda: {"kernel": kernel_distance(real, fake)}


def ours_of_neighbours(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    from liangyi.metrics.neighbours import manifold

    def work() -> Values:
        found = manifold(real, fake, NEIGHBOURS)
        return {name: float(value.mean()) for name, value in found._asdict().items()}

    return work


def numpy_covariances(items: Tensor) -> tuple[Any, Any]:
    import numpy

    values = items.double().numpy()
    return values.mean(0), numpy.cov(values, rowvar=False)


def scipy_frechet(one: Any, other: Any) -> Values:
    import numpy
    import scipy.linalg

    root = scipy.linalg.sqrtm(one[1] @ other[1])
    traces = numpy.trace(one[1]) + numpy.trace(other[1]) - 2 * numpy.trace(root).real
    return {"frechet": float(numpy.square(one[0] - other[0]).sum() + traces)}


def scipy_of_covariances(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    fits = numpy_covariances(real), numpy_covariances(fake)
    return lambda: scipy_frechet(*fits)


def scipy_of_features(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    return lambda: scipy_frechet(numpy_covariances(real), numpy_covariances(fake))


def fidelity_frechet(one: Any, other: Any) -> Values:
    from torch_fidelity import metric_fid

    (value,) = metric_fid.fid_statistics_to_metric(one, other, verbose=False).values()
    return {"frechet": value}


def fidelity_of_covariances(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    from torch_fidelity.metric_fid import fid_features_to_statistics as fit

    fits = fit(real.double()), fit(fake.double())
    return lambda: fidelity_frechet(*fits)


def fidelity_of_features(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    from torch_fidelity.metric_fid import fid_features_to_statistics as fit

    return lambda: fidelity_frechet(fit(real), fit(fake))  # in float32, as it gets them itself


def fidelity_of_pairs(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

    settings = {"kid_subsets": 1, "kid_subset_size": len(real), "verbose": False}
    return lambda: {"kernel": kid_features_to_metric(real, fake, **settings)[KEY_METRIC_KID_MEAN]}


def fidelity_of_neighbours(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    from torch_fidelity.metric_prc import calculate_precision_recall_full

    def work() -> Values:
        precision, recall = calculate_precision_recall_full(fake, real, NEIGHBOURS)
        return {"precision": precision, "recall": recall}

    return work


def prdc_of_neighbours(real: Tensor, fake: Tensor) -> Callable[[], Values]:
    from prdc import compute_prdc

    def work() -> Values:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints the numbers of items
            values = compute_prdc(real.numpy(), fake.numpy(), nearest_k=NEIGHBOURS)
        return {name: float(value) for name, value in values.items()}

    return work


QUESTIONS: dict[str, dict[str, Callable[[Tensor, Tensor], Callable[[], Values]]]] = {
    "Frechet from covariances": {
        OURS: ours_of_covariances,
        "numpy and `scipy.linalg.sqrtm`": scipy_of_covariances,
        "torch-fidelity": fidelity_of_covariances,
    },
    "Frechet from features": {
        OURS: ours_of_features,
        "numpy and `scipy.linalg.sqrtm`": scipy_of_features,
        "torch-fidelity": fidelity_of_features,
    },
    "kernel distance, all pairs": {OURS: ours_of_pairs, "torch-fidelity": fidelity_of_pairs},
    f"manifold, k = {NEIGHBOURS}": {
        OURS: ours_of_neighbours,
        "`prdc`": prdc_of_neighbours,
        "torch-fidelity, precision and recall alone": fidelity_of_neighbours,
    },
}


def way(question: str, side: str, items: int, width: int) -> Prepared:
    """Prepare one way to one number, warmed on the features themselves."""
    work = QUESTIONS[question][side](*features(items, width))
    return functools.partial(_counted, work), {"values": work()}


def _counted(work: Callable[[], Values]) -> float:
    work()
    return 1


def rows(question: str, outcomes: Mapping[str, Outcome]) -> list[str]:
    """Return Markdown rows: seconds, how many times as fast ours is, and how far apart they are."""
    found = []
    own = outcomes[OURS]
    for name, outcome in outcomes.items():
        if outcome.failed:
            continue
        seconds = 1 / statistics.median(outcome.rates)
        ratio = apart = ""
        if name != OURS and own.rates:
            low, middle, high = harness.ratios(own, outcome)
            ratio = f"{middle:.1f} ({low:.1f} to {high:.1f})"
            apart = f"{largest_difference(own, outcome):.0e}"
        found.append(f"| {question} | {name} | {seconds:.3f} | {ratio} | {apart} |")
    return found


def largest_difference(own: Outcome, other: Outcome) -> float:
    values = other.facts["values"]
    return max(abs(own.facts["values"][name] - value) for name, value in values.items())


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks score", description=__doc__)
    words.add_argument("items", type=int, nargs="?", default=10_000)
    words.add_argument("width", type=int, nargs="?", default=2048)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--json", type=Path)
    args = words.parse_args(arguments)
    result: dict[str, Any] = {"machine": harness.machine(args.threads), "items": args.items,
                              "width": args.width, "questions": {}}  # fmt: skip
    lines = ["| what | by | seconds | liangyi, times as fast | largest difference |",
             "| --- | --- | ---: | ---: | ---: |"]  # fmt: skip
    for question, ways in QUESTIONS.items():
        settings = {"question": question, "items": args.items, "width": args.width}
        sides = [Side(name, "benchmarks.score:way", {**settings, "side": name}) for name in ways]
        outcomes = harness.measure(sides, args.rounds, args.threads)
        lines += rows(question, outcomes)
        result["questions"][question] = {
            name: dataclasses.asdict(outcome) for name, outcome in outcomes.items()
        }
    print("\n".join(lines))
    if args.json:
        harness.save(args.json, result)
