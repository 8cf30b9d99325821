"""What the doctor's signals cost at their default interval, as a share of the training time.

    python -m benchmarks watching [STRETCHES]

A training takes stretches of 250 steps, with one look at the end of each. The cost is that look,
and what the last step takes beyond the others; the share is of 250 usual steps (the median step of
the same stretch). Given is the median over the stretches, of models from the smallest on, where a
look weighs most.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import time
from typing import Any

from benchmarks.harness import quartiles
from liangyi import data
from liangyi.core import registry
from liangyi.doctor.signals import Reference, signals
from liangyi.lab.table import markdown
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer

SMALL = {"generator_widths": (128,), "discriminator_widths": (128,), "latent": 100}
CASES: list[tuple[str, str, dict[str, Any], int]] = [
    ("gan", "ring", {"generator_widths": (128, 128), "discriminator_widths": (128, 128)}, 128),
    ("gan", "digits", SMALL, 64),
    ("vae", "digits", {}, 128),
    ("dcgan", "digits", {}, 128),
    ("seqgan", "oracle", {}, 64),
]

OF_DATA = {"oracle": {"vocabulary": 50, "length": 10}}


def shares(
    name: str, source: str, settings: dict[str, Any], batch: int, stretches: int
) -> list[float]:
    """Return the share of each stretch."""
    kind = registry.find(name)
    chosen = data.choose(source, **OF_DATA.get(source, {}))
    train, held_out = chosen.split(), chosen.split("test")
    assert train is not None
    model = build(kind, kind.Config(**settings), train.spec, 0)
    stream = data.Batches(train, kind.batch_type(train.spec), batch, value_range=model.image_range)
    training = dataclasses.replace(kind.recipe, batch_size=batch, steps=10**9)
    trainer, pace = Trainer(model, stream, training), training.examine_every
    real = Reference.of(model, train, held_out)
    found = []
    for _ in range(stretches + 1):
        steps: list[float] = []
        for _ in range(pace):
            began = time.perf_counter()
            trainer.advance()
            steps.append(time.perf_counter() - began)
        began = time.perf_counter()
        signals(trainer.model, trainer.averaged, real)
        look = time.perf_counter() - began
        usual = statistics.median(steps)
        found.append((look + steps[-1] - usual) / (pace * usual))
    return found[1:]  # the first one warms


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks watching", description=__doc__)
    words.add_argument("stretches", type=int, nargs="?", default=15, help="of 250 steps each")
    stretches = words.parse_args(arguments).stretches
    rows = []
    for name, source, settings, batch in CASES:
        low, middle, high = quartiles(shares(name, source, settings, batch, stretches))
        spread = f"{low:.1%} to {high:.1%}"
        rows.append([f"`{name}`", source, str(batch), f"{middle:.1%}", spread])
        print(f"{name} on {source}: {middle:.2%} ({spread})", file=sys.stderr)
    print(markdown(["training", "data", "batch", "share", "quartiles"], rows))
