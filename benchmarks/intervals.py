"""How often the 95 % intervals of cards hold what they promise, on laws that are known.

    python -m benchmarks intervals [--repeats 100] [--sizes 100 400]

The promise: were samples and real items both drawn anew, as many of each, 95 % of such intervals
would hold the mean of the metric over all draws. So both are drawn anew, again and again, and the
mean is that of all repeats. `before` are the intervals as they were: 1.96 standard errors, and for
figures about neighbours those of independent items. Of `n` repeats a share of 0.95 has a standard
error of sqrt(0.95 * 0.05 / n): 0.02 of 100.
"""

from __future__ import annotations

import argparse
import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from liangyi.lab.table import markdown
from liangyi.metrics.card import Card
from liangyi.metrics.classes import classifier_score, classifier_score_error
from liangyi.metrics.error import SUBSETS, of_mean, of_share
from liangyi.metrics.frechet import frechet, frechet_error, gaussian
from liangyi.metrics.kernel import kernel_distance, kernel_error
from liangyi.metrics.memorisation import memorisation
from liangyi.metrics.neighbours import manifold, manifold_errors, two_sample, two_sample_error

GROUPS = 10
CLASSES = 5
Draw = Callable[[int, torch.Generator], Tensor]


class Found(NamedTuple):
    """A figure, and half of its interval as it was and as it is."""

    value: float
    before: float
    after: float


def normal(count: int, dice: torch.Generator, width: int, scale: float, away: float) -> Tensor:
    """Return items of a normal law, its mean `away` from 0."""
    return torch.randn(count, width, generator=dice) * scale + away / math.sqrt(width)


def mixture(count: int, dice: torch.Generator, width: int, shares: tuple[float, ...]) -> Tensor:
    """Return items of five normal laws on a circle (times noise in all other coordinates)."""
    modes = torch.multinomial(torch.tensor(shares), count, replacement=True, generator=dice)
    angle = modes * (2 * math.pi / len(shares))
    items = torch.randn(count, width, generator=dice) / 2
    items[:, 0] += 4 * angle.cos()
    items[:, 1] += 4 * angle.sin()
    return items


def laws(width: int) -> dict[str, tuple[Draw, Draw]]:
    """Return what real and fake items are drawn from, by a name."""
    part = functools.partial
    real = part(normal, width=width, scale=1.0, away=0.0)
    modes = part(mixture, width=width, shares=(0.2,) * CLASSES)
    return {
        "same": (real, real),
        "shifted": (real, part(normal, width=width, scale=1.0, away=1.0)),
        "narrow": (real, part(normal, width=width, scale=0.8, away=0.0)),
        "collapsed": (modes, part(mixture, width=width, shares=(0.5, 0.3, 0.2, 0.0, 0.0))),
    }


def half(error: float, degrees: int) -> float:
    """Return half of the interval, as a card has it."""
    away = Card(metric="", value=0.0, better="none", error=error, degrees=degrees).margin
    assert away is not None
    return away


def measured(real: Tensor, fake: Tensor, train: Tensor) -> dict[str, Found]:
    """Return every figure of one draw with both intervals."""
    found = {}
    for name, value, error in (
        ("frechet", frechet(gaussian(real), gaussian(fake)), frechet_error(real, fake, GROUPS)),
        ("kernel", kernel_distance(real, fake), kernel_error(real, fake, GROUPS)),
    ):
        found[name] = Found(value, 1.96 * error, half(error, GROUPS - 1))
    near, told = manifold(real, fake), two_sample(real, fake)
    errors = [*manifold_errors(real, fake, near), two_sample_error(real, fake, told)]
    names = [*near._fields, "nearest_neighbour_accuracy"]
    for name, each, error in zip(names, [*near, told], errors, strict=True):
        value = float(each.mean())
        alone = of_mean(each) if name == "density" else of_share(value, len(each))
        found[name] = Found(value, 1.96 * alone, half(error, SUBSETS - 1))
    seen = (2 * fake[:, :CLASSES]).softmax(1)  # a classifier that any law may have
    error = classifier_score_error(seen, GROUPS)
    found["classifier_score"] = Found(classifier_score(seen), 1.96 * error, half(error, GROUPS - 1))
    best = seen.amax(1)
    error = of_mean(best)
    found["confidence"] = Found(float(best.mean()), 1.96 * error, half(error, len(best) - 1))
    named = (seen.argmax(1) == 0).float()
    error = of_share(float(named.mean()), len(named))
    found["as_asked"] = Found(float(named.mean()), 1.96 * error, 1.96 * error)
    copies = memorisation(fake, train, real)  # the real items are held out
    alone = of_share(copies.share, len(fake))
    found["memorised"] = Found(copies.share, 1.96 * alone, 1.96 * copies.error)
    return found


def coverage(draws: tuple[Draw, Draw], count: int, repeats: int) -> dict[str, tuple[float, float]]:
    """Return the share of intervals that hold the mean, before and after, of each metric."""
    dice = torch.Generator().manual_seed(count)
    real, fake = draws
    train = real(1000, dice)
    all_found = [measured(real(count, dice), fake(count, dice), train) for _ in range(repeats)]
    shares = {}
    for name in all_found[0]:
        values, before, after = torch.tensor([f[name] for f in all_found]).double().unbind(1)
        off = (values - values.mean()).abs()
        shares[name] = tuple(float((off <= away).double().mean()) for away in (before, after))
    return shares  # type: ignore[return-value]


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks intervals", description=__doc__)
    words.add_argument("--repeats", type=int, default=100)
    words.add_argument("--sizes", type=int, nargs="+", default=[100, 400])
    words.add_argument("--widths", type=int, nargs="+", default=[2, 16])
    args = words.parse_args(arguments)
    for count in args.sizes:
        columns = {
            f"{name}, {width}-d": coverage(draws, count, args.repeats)
            for width in args.widths
            for name, draws in laws(width).items()
        }
        metrics = next(iter(columns.values()))
        rows = [
            [metric, *(f"{c[metric][0]:.2f} > {c[metric][1]:.2f}" for c in columns.values())]
            for metric in metrics
        ]
        print(f"\n{count} real and {count} fake items, before > after\n")
        print(markdown(["metric", *columns], rows), flush=True)
