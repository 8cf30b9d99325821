"""Seconds for a pass over CIFAR-10: `cifar10-cnn` beside the same in Keras and plain PyTorch.

    python -m benchmarks cifar10 [--batches 32] [--rounds 5] [--threads 2] [--only WORD ...]

All sides train the network of the Keras example (1,250,858 weights) on real pictures, shuffled,
shifted by up to a tenth and mirrored in every step; that is part of what is timed. Keras moves them
by its `ImageDataGenerator`, as the example does, plain PyTorch by torchvision's transforms, one by
one; liangyi moves a whole batch in the step. Pictures a second; a pass is 50,000 of them.
"""

from __future__ import annotations

import dataclasses
import statistics

import torch

from benchmarks.harness import Outcome, Prepared, Side
from benchmarks.peers import plain_networks as networks
from benchmarks.peers import question
from benchmarks.peers.resident import pictures
from benchmarks.peers.stretch import stretches
from liangyi import data
from liangyi.core.batch import Labelled
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.vision.cifar10_cnn import Cifar10CNN, Cifar10CNNConfig

PASS = 50_000


def ours(batch: int, device: str, precision: str) -> Prepared:
    photographs = pictures("cifar10")
    training = dataclasses.replace(
        Cifar10CNN.recipe, batch_size=batch, device=device, precision=precision
    )
    stream = data.Batches(
        photographs, Labelled, batch, device=device, value_range=Cifar10CNN.image_range
    )
    trainer = Trainer(
        build(Cifar10CNN, Cifar10CNNConfig(), photographs.spec, seed=0), stream, training
    )

    def run(count: int) -> None:
        for _ in trainer.run(count):
            pass
        if device != "cpu":
            torch.accelerator.synchronize()

    facts = {"precision": trainer.precision, "weights": networks.count(trainer.model)}
    return stretches(run, batch, warm=20, seconds=3), facts


def sides(batch: int, device: str) -> list[Side]:
    at = {"batch": batch, "device": device}
    found = [
        Side(f"liangyi {precision}", f"{__name__}:ours", at | {"precision": precision})
        for precision in ("bfloat16", "float32")
    ]
    found.append(Side("PyTorch", "benchmarks.peers.torch_cifar10:cifar10", at))
    if device == "cpu":
        keras = "benchmarks.peers.keras_cifar10:cifar10"
        found.append(Side("Keras on TensorFlow", keras, {"batch": batch}, question.TENSORFLOW))
    return found


def passes(outcomes: dict[str, Outcome]) -> str:
    """Say how long each side takes for a pass."""
    return "; ".join(
        f"{name} {PASS / statistics.median(own.rates):.0f} s"
        for name, own in outcomes.items()
        if own.rates
    )


def main(arguments: list[str]) -> None:
    asked = question.options(__doc__, batches=(32,)).parse_args(arguments)
    tables = {}
    for batch in asked.batches:
        title = f"CIFAR10-CNN, batch {batch}"
        found = question.compare(title, sides(batch, asked.device), "images/s", asked)
        for table in found.values():
            outcomes = {name: Outcome(**own) for name, own in table.items()}  # type: ignore[arg-type]
            print(f"A pass over {PASS:,} pictures: {passes(outcomes)}.\n")
        tables |= found
    question.keep(asked, tables)
