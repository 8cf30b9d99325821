"""Seconds of training until generated digits are good: liangyi and its peers on MNIST.

    python -m benchmarks time-to-quality OUT [--seeds 0 1 2] [--images 38400] [--batch 128]
        [--every 3840] [--samples 5000] [--threshold T] [--threads 2] [--only WORD ...]

All sides train the networks of `dcgan-mnist` (2.4 M and 4.3 M weights) from weights of one law on
the same batches in the same order, which lie in memory: `peers/to_quality.py`.

Each training has a process of its own, one after the other. Before it and after every `--every`
images its generator draws samples in evaluation mode (no dropout, running batch statistics) in
float32; drawing is not timed. The clock counts all steps from the first, with what is done in that
one only (TensorFlow traces its graph); how much that is has a column of its own.

A look is the Frechet distance between the samples and the 10,000 test pictures in the 128 hidden
values of the evaluator that `liangyi score` uses: a mnist-cnn trained once on the training pictures
and their labels, kept in LIANGYI_CACHE, and named by the hash of its weights. It has seen no GAN.

Looks are kept in OUT/results.jsonl as they are taken: the same command goes on where it was cut,
with the training that it was at begun anew. OUT/curves.png shows them.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import itertools
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.harness import Side, SideFailed, Worker, figure
from benchmarks.looks import (
    Look,
    Results,
    Trainings,
    draw_curves,
    progress,
    race,
    seconds_to,
    within_reach,
)
from benchmarks.peers import question
from benchmarks.peers.to_quality import OURS, RANGE, Plan, digits, sides
from liangyi import data
from liangyi.lab.table import Summary
from liangyi.metrics.frechet import frechet, gaussian
from liangyi.scoring.evaluator import Evaluator, evaluator_of


def distances(evaluator: Evaluator) -> Callable[[Tensor], float]:
    """Return what tells how far pictures of bytes [N 1 28 28] are from the test pictures."""

    def seen(pictures: Tensor) -> Any:
        return gaussian(evaluator.features(pictures.float() / 255, RANGE))

    real = seen(digits("test").columns["image"])
    return lambda pictures: frechet(real, seen(pictures))


def train(side: Side, plan: Plan, asked: argparse.Namespace) -> Iterator[tuple[int, float, Tensor]]:
    """Train, and return at every look: images, seconds of training, samples."""
    told = dataclasses.replace(side, settings={**side.settings, **asdict(plan)})
    worker = Worker(told, asked.threads)
    try:
        print(f"seed {plan.seed}, {side.name}: {worker.facts}", file=sys.stderr)
        seconds = 0.0
        for images in range(0, asked.images + 1, plan.every):
            if images:
                seconds += worker.measure()[1]
            worker.measure()  # drawing
            yield images, seconds, torch.from_numpy(np.load(plan.file))
    finally:
        worker.close()


def collect(asked: argparse.Namespace, chosen: Sequence[Side], distance: Any) -> Results:
    """Make all trainings that are not there yet, seed by seed, so that a cut run is balanced."""
    results = Results(asked.out / "results.jsonl")
    for seed, side in itertools.product(asked.seeds, chosen):
        if len(results.of(side.name, seed, asked.images)) == asked.images // asked.every + 1:
            continue
        results.forget(side.name, seed)
        file = asked.out / f"{side.name.lower().replace(' ', '-')}-{seed}.npy"
        plan = Plan(seed, asked.batch, asked.every, asked.samples, str(file.resolve()))
        try:
            for images, seconds, drawn in train(side, plan, asked):
                look = Look(side.name, seed, images, round(seconds, 3), distance(drawn))
                results.add(look)
                said = f"{images} images, {seconds:.1f} s, Frechet {look.frechet:.4g}"
                print(f"seed {seed}, {side.name}: {said}", file=sys.stderr)
        except SideFailed as error:
            print(f"seed {seed}, {side.name} failed: {error}", file=sys.stderr)
    return results


def same_settings(asked: argparse.Namespace, evaluator: Evaluator) -> dict[str, Any]:
    """Return what all looks in OUT must share, and refuse to mix them with others."""
    names = ("batch", "every", "samples", "threads")
    settings = {name: getattr(asked, name) for name in names} | {"evaluator": evaluator.name}
    path = asked.out / "settings.json"
    if path.exists() and (found := json.loads(path.read_text())) != settings:
        sys.exit(f"{asked.out} holds looks taken with {found}, not with {settings}; use another")
    path.write_text(json.dumps(settings) + "\n")
    return settings


def report(asked: argparse.Namespace, trainings: Trainings) -> dict[str, Any]:
    """Print the answers and return them."""
    threshold = asked.threshold or within_reach(trainings)
    times = {name: [seconds_to(looks, threshold) for looks in of] for name, of in trainings.items()}
    chosen = "as asked" if asked.threshold else "the least that all reached, rounded up"
    seeds = len(next(iter(trainings.values())))
    print(f"\n**Seconds to a Frechet distance of {threshold:g}** ({chosen}), medians of {seeds}")
    print(f"\n{race(trainings, times, OURS)}\n")
    print(f"**Frechet distance**, mean ± standard deviation of {seeds}\n\n{progress(trainings)}\n")
    found: dict[str, Any] = {
        "threshold": threshold,
        "seconds": {
            name: [time if math.isfinite(time) else None for time in own]
            for name, own in times.items()
        },
    }
    if all(name in trainings for name in OURS):
        wide, narrow = ([looks[-1].frechet for looks in trainings[name]] for name in OURS)
        apart = Summary(tuple(b - a for a, b in zip(wide, narrow, strict=True)))
        how = f"95 %, Student's t of {seeds} pairs" if apart.half else "one pair, no interval"
        print(f"liangyi bfloat16 - liangyi float32 at the end: {apart} ({how})\n")
        found["bfloat16 - float32 at the end"] = apart.json()
    draw_curves(trainings, threshold, asked.out / "curves.png")
    return found


def options() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="python -m benchmarks time-to-quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("out", type=Path, metavar="OUT")
    words.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    words.add_argument("--images", type=int, default=38_400, help="that each training sees")
    words.add_argument("--batch", type=int, default=128)
    words.add_argument("--every", type=int, default=3_840, help="images between looks")
    words.add_argument("--samples", type=int, default=5_000, help="of each look")
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--threshold", type=float, help="else the least that all reach")
    words.add_argument("--only", nargs="+", metavar="WORD", help="sides whose name has a word")
    words.add_argument("--json", type=Path, metavar="FILE", help="save everything")
    return words


def main(arguments: list[str]) -> None:
    words = options()
    asked = words.parse_args(arguments)
    if asked.every % asked.batch or asked.images % asked.every or asked.images < asked.every:
        words.error("--images must be a multiple of --every, and --every one of --batch")
    chosen = question.chosen(sides(), asked.only)
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(asked.threads)
    told = functools.partial(print, file=sys.stderr)
    evaluator = evaluator_of(data.choose("mnist"), tell=told, thorough=True)
    settings = same_settings(asked, evaluator)
    distance = distances(evaluator)
    results = collect(asked, chosen, distance)
    some = torch.randperm(60_000, generator=torch.Generator().manual_seed(0))[: asked.samples]
    floor = distance(digits("train").columns["image"][some])
    trainings = {}
    for side in chosen:
        found = [results.of(side.name, seed, asked.images) for seed in asked.seeds]
        if all(len(looks) == asked.images // asked.every + 1 for looks in found):
            trainings[side.name] = found
        else:
            print(f"{side.name} was left out: not all of its trainings came to their end\n")
    if not trainings:
        sys.exit("no side came to its end")
    answer = report(asked, trainings)
    print(f"{asked.samples} training pictures instead of samples: {figure(floor)}; ", end="")
    right = f"right about {evaluator.accuracy:.2%} of held-out pictures"
    print(f"the evaluator is {evaluator.name}, {right}")
    looks = [asdict(look) for of in trainings.values() for looks in of for look in looks]
    question.keep(asked, {"settings": settings, "floor": floor, "looks": looks, **answer})
