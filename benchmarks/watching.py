"""What the doctor's signals cost at their default interval, as a share of the training time.

    python -m benchmarks.watching [PAIRS]

The same model on the same data takes stretches of 250 steps, in turn with one look at the end of
the stretch (as a training has it) and without; the figure is the median of the ratios of
neighbours. Models from the smallest on, where a look weighs most.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable
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


def stretches(
    name: str, source: str, settings: dict[str, Any], batch: int, watched: bool
) -> Callable[[], None]:
    kind = registry.find(name)
    config = data.DataConfig(data=source, vocabulary=50, length=10)
    train, held_out = data.load(config), data.load(config, "test")
    assert train is not None
    model = build(kind, kind.Config(**settings), train.spec, 0)
    stream = data.Batches(train, kind.batch_type(train.spec), batch, image_range=model.image_range)
    every = dataclasses.replace(kind.recipe, batch_size=batch, steps=10**9)
    pace = every.examine_every
    trainer = Trainer(model, stream, dataclasses.replace(every, examine_every=pace * watched))
    real = Reference.of(model, train, held_out)

    def stretch() -> None:
        for _ in trainer.run(pace):
            pass
        if watched:
            signals(trainer.model, trainer.averaged, real)

    return stretch


def seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main(pairs: int) -> None:
    found = []
    for name, source, settings, batch in CASES:
        sides = [stretches(name, source, settings, batch, watched) for watched in (True, False)]
        for work in sides:
            work()  # warm
        ratios = []
        for pair in range(pairs):
            order = sides if pair % 2 else sides[::-1]
            times = {work: seconds(work) for work in order}
            ratios.append(times[sides[0]] / times[sides[1]])
        low, middle, high = statistics.quantiles(ratios, n=4)
        found.append({"model": name, "data": source, "batch": batch, "ratio": round(middle, 4),
                      "quartiles": [round(low, 4), round(high, 4)]})  # fmt: skip
        print(f"{name} on {source}: {middle:.3f} (quartiles {low:.3f} to {high:.3f})", flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
