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
import json
import statistics
import time
from typing import Any

from liangyi import data
from liangyi.core import registry
from liangyi.core.run import build
from liangyi.core.trainer import Trainer
from liangyi.doctor.signals import Reference, signals

SMALL = {"generator_widths": (128,), "discriminator_widths": (128,), "latent": 100}
CASES: list[tuple[str, str, dict[str, Any], int]] = [
    ("gan", "ring", {"generator_widths": (128, 128), "discriminator_widths": (128, 128)}, 128),
    ("gan", "digits", SMALL, 64),
    ("vae", "digits", {}, 128),
    ("dcgan", "digits", {}, 128),
    ("seqgan", "oracle", {}, 64),
]


def shares(
    name: str, source: str, settings: dict[str, Any], batch: int, stretches: int
) -> list[float]:
    """Return the share of each stretch."""
    kind = registry.find(name)
    config = data.DataConfig(data=source, vocabulary=50, length=10)
    train, held_out = data.load(config), data.load(config, "test")
    assert train is not None
    model = build(kind, kind.Config(**settings), train.spec, 0)
    stream = data.Batches(train, kind.batch_type(train.spec), batch, image_range=model.image_range)
    training = dataclasses.replace(kind.recipe, batch_size=batch, steps=10**9)
    trainer, pace = Trainer(model, stream, training), training.examine_every
    real = Reference.of(model, train, held_out)
    found = []
    for _ in range(stretches + 1):
        steps: list[float] = []
        names: set[str] = set()
        for _ in range(pace):
            began = time.perf_counter()
            names |= trainer.advance().metrics.keys()
            steps.append(time.perf_counter() - began)
        moved = {name.removeprefix("signal/").removesuffix("_gradient") for name in names}
        began = time.perf_counter()
        signals(trainer.model, trainer.averaged, real, moved)
        look = time.perf_counter() - began
        usual = statistics.median(steps)
        found.append((look + steps[-1] - usual) / (pace * usual))
    return found[1:]  # the first one warms


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks watching", description=__doc__)
    words.add_argument("stretches", type=int, nargs="?", default=15, help="of 250 steps each")
    stretches = words.parse_args(arguments).stretches
    found = []
    for name, source, settings, batch in CASES:
        low, middle, high = statistics.quantiles(
            shares(name, source, settings, batch, stretches), n=4
        )
        found.append({"model": name, "data": source, "batch": batch, "share": round(middle, 4),
                      "quartiles": [round(low, 4), round(high, 4)]})  # fmt: skip
        print(f"{name} on {source}: {middle:.2%} (quartiles {low:.2%} to {high:.2%})", flush=True)
    print(json.dumps(found))
