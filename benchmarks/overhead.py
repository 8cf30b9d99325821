"""What the trainer costs over a hand-written loop: the same algorithm, data and optimiser.

    python -m benchmarks overhead [PAIRS]

The model is the smallest GAN of the notes (100-128-784 against 784-128-1, batch 64), where the cost
of the machinery is largest. Both sides are run in turn, many short stretches each, so that other
work on the machine hits both; the figure is the median of the ratios of neighbours.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.harness import quartiles
from benchmarks.peers.lean import gan_step
from benchmarks.peers.plain import uniform
from benchmarks.peers.resident import digits
from liangyi import data
from liangyi.core.batch import Images
from liangyi.lab.table import markdown
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.adversarial.gan import GAN, GANConfig

STRETCH = 100  # steps
CONFIG = GANConfig(latent=100, generator_widths=(128,), discriminator_widths=(128,))


def setting() -> tuple[GAN, data.Batches]:
    pictures = digits()
    model = build(GAN, CONFIG, pictures.spec, seed=0)
    assert isinstance(model, GAN)
    return model, data.Batches(pictures, Images, 64)


def ours() -> Callable[[], None]:
    model, stream = setting()
    training = dataclasses.replace(GAN.recipe, batch_size=64, average=0, precision="float32")
    trainer = Trainer(model, stream, training)

    def stretch() -> None:
        for _ in trainer.run(STRETCH):
            pass

    return stretch


def by_hand() -> Callable[[], None]:
    model, stream = setting()
    make = gan_step(model.generator, model.discriminator)
    step = 0

    def stretch() -> None:
        nonlocal step
        for _ in range(STRETCH):
            make(stream.batch(step).image, uniform(64, "cpu"))
            step += 1

    return stretch


def seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks overhead", description=__doc__)
    words.add_argument("pairs", type=int, nargs="?", default=41, help="stretches of each side")
    pairs = words.parse_args(arguments).pairs
    sides = (ours(), by_hand())
    for work in sides:
        work()  # warm
    ratios, speeds = [], []
    for pair in range(pairs):
        order = sides if pair % 2 else sides[::-1]
        times = {work: seconds(work) for work in order}
        ratios.append(times[sides[0]] / times[sides[1]])
        speeds.append(STRETCH / times[sides[0]])
    low, middle, high = quartiles(ratios)
    spread, speed = f"{low:.3f} to {high:.3f}", f"{statistics.median(speeds):.0f}"
    head = ["trainer / hand-written loop", "quartiles", "trainer, steps/s", "threads"]
    print(markdown(head, [[f"{middle:.3f}", spread, speed, str(torch.get_num_threads())]]))
