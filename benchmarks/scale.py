"""How speed and memory grow: whole training steps of `dcgan` on random colour pictures.

    python -m benchmarks scale [--only batch|resolution|width|processes] [--rounds 3] [--threads 2]
                               [--precision auto] [--json FILE]

Against the batch size, the pictures' side, the width of the networks, and the number of processes
that share a batch (one thread each, beside one process with two). FLOP are those of the products
and convolutions of one step, counted as they run (a multiplication and an addition are 2), so what
a clever layer saves is not counted. Peak memory is that of the whole process, with its 1,024
pictures; in brackets what it takes for Python and PyTorch alone. Each point is a process of its
own; those of one table take turns.
"""

from __future__ import annotations

import argparse
import dataclasses
import resource
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.harness import Outcome, Prepared, Side

STRETCH = 2.0  # seconds, about
ITEMS = 1024  # random pictures; what they show costs nothing
ONE_THREAD, TWO_THREADS = (
    {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count} for count in ("1", "2")
)
# what is varied, and what stays
BATCH = {"size": 28, "width": 64}
RESOLUTION = {"batch": 32, "width": 64}
WIDTH = {"batch": 32, "size": 64}
PROCESSES = {"batch": 128, "size": 28, "width": 64}

POINTS: dict[str, list[tuple[str, dict[str, int], dict[str, str]]]] = {
    "batch": [(str(n), {**BATCH, "batch": n}, {}) for n in (16, 32, 64, 128, 256, 512)],
    "resolution": [(str(n), {**RESOLUTION, "size": n}, {}) for n in (28, 32, 48, 64, 96, 128)],
    "width": [(str(n), {**WIDTH, "width": n}, {}) for n in (16, 32, 64, 128)],
    "processes": [
        ("1, one thread", PROCESSES, ONE_THREAD),
        ("1, two threads", PROCESSES, TWO_THREADS),
        ("2, one thread each", {**PROCESSES, "processes": 2}, ONE_THREAD),
    ],
}
KEPT = {"batch": BATCH, "resolution": RESOLUTION, "width": WIDTH, "processes": PROCESSES}


def training(batch: int, size: int, width: int, precision: str) -> Any:
    """Return a trainer of `dcgan` on random pictures, as a run would have it."""
    import torch

    from liangyi.core import processes, registry
    from liangyi.core.batch import Images
    from liangyi.core.spec import Pixels, Spec
    from liangyi.data import Batches, Dataset
    from liangyi.runs.building import build
    from liangyi.training.trainer import Trainer

    if processes.launched():
        processes.join(torch.device("cpu"))  # before the stream asks how many we are
    kind = registry.find("dcgan")
    spec = Spec("image", image=Pixels(3, size, size))
    pixels = torch.randint(0, 256, (ITEMS, *spec.shape), dtype=torch.uint8)
    found = Dataset(spec, {"image": pixels}, fingerprint="random")
    model = build(kind, kind.Config(width=width), spec, 0)
    settings = dataclasses.replace(
        kind.recipe, batch_size=batch, precision=precision, device="cpu", examine_every=0
    )
    return Trainer(model, Batches(found, Images, batch), settings)


def point(
    batch: int, size: int, width: int, precision: str, processes: int = 1, seconds: float = STRETCH
) -> Prepared:
    """Prepare one point: its trainer, and how many of its steps make a stretch."""
    others = _others(processes, (batch, size, width, precision))
    import liangyi.training.trainer  # noqa: F401, what follows is the model's own

    empty = peak()
    trainer = training(batch, size, width, precision)

    def go(steps: int) -> None:
        for other in others:
            other.send(steps)
        for _ in trainer.run(steps):
            pass

    go(2)  # Adam's memory, the libraries' choices
    began = time.perf_counter()
    go(1)
    steps = max(1, round(seconds / (time.perf_counter() - began)))
    memory = peak()  # before the counter comes, which is large

    from torch.utils.flop_counter import FlopCounterMode

    for other in others:
        other.send(1)
    with FlopCounterMode(display=False) as counter:
        trainer.advance()

    def work() -> float:
        go(steps)
        return steps * batch

    return work, {
        "gflop_per_image": counter.get_total_flops() * processes / batch / 1e9,
        "parameters": {
            name: sum(weight.numel() for weight in player.parameters())
            for name, player in trainer.model.named_children()
        },
        "peak_megabytes": memory,
        "empty_megabytes": empty,
        "precision": trainer.precision,
        "steps_a_stretch": steps,
    }


def peak() -> float:
    """Return the most memory that this process has held so far, in 10^6 bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _others(processes: int, settings: tuple[Any, ...]) -> list[Any]:
    """Start the other processes of a group, as torchrun would, and return the lines to them."""
    import multiprocessing
    import os
    import socket

    if processes == 1:
        return []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "RANK": "0",
                   "LOCAL_RANK": "0", "WORLD_SIZE": str(processes)}  # fmt: skip
    context = multiprocessing.get_context("spawn")
    lines = []
    for rank in range(1, processes):
        ours, theirs = context.Pipe()
        context.Process(target=_follow, args=(rank, theirs, settings), daemon=True).start()
        theirs.close()  # so that the other ends when we do
        lines.append(ours)
    return lines


def _follow(rank: int, orders: Any, settings: tuple[Any, ...]) -> None:
    """Be another process of the group: make as many steps as the first one says, until it ends."""
    import os

    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    trainer = training(*settings)
    while True:
        try:
            steps = orders.recv()
        except EOFError:
            return
        for _ in trainer.run(steps):
            pass


def told(what: str, outcomes: Mapping[str, Outcome]) -> str:
    """Return the Markdown of one group of points."""
    kept = ", ".join(f"{name} {value}" for name, value in KEPT[what].items())
    head = [what, "images/s", "GFLOP an image", "GFLOP/s", "seconds a GFLOP",
            "peak MB a process (empty)"]  # fmt: skip
    lines = [f"Against {what}; {kept}:", "", "| " + " | ".join(head) + " |"]
    lines.append("| --- |" + " ---: |" * (len(head) - 1))
    for name, outcome in outcomes.items():
        if outcome.failed:
            lines.append(f"| {name} | failed: {outcome.failed} |")
            continue
        rate = statistics.median(outcome.rates)
        spread = " to ".join(map(harness.figure, (min(outcome.rates), max(outcome.rates))))
        work = outcome.facts["gflop_per_image"]
        most, empty = (outcome.facts[f"{key}_megabytes"] for key in ("peak", "empty"))
        memory = f"{most:,.0f} ({empty:,.0f})"
        cells = [name, f"{harness.figure(rate)} ({spread})", f"{work:.3f}", f"{rate * work:,.0f}",
                 f"{1 / (rate * work):.4f}", memory]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks scale", description=__doc__)
    words.add_argument("--only", choices=POINTS)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    words.add_argument("--json", type=Path)
    args = words.parse_args(arguments)
    result: dict[str, Any] = {"machine": harness.machine(args.threads), "points": {}}
    for what in [args.only] if args.only else POINTS:
        sides = [
            Side(
                name, "benchmarks.scale:point", settings | {"precision": args.precision}, variables
            )
            for name, settings, variables in POINTS[what]
        ]
        outcomes = harness.measure(sides, args.rounds, args.threads)
        print(told(what, outcomes), flush=True)
        result["points"][what] = {
            side.name: {"settings": side.settings} | dataclasses.asdict(outcomes[side.name])
            for side in sides
        }
    if args.json:
        harness.save(args.json, result)
