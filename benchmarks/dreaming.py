"""Seconds for a megapixel of DeepDream, in tiles and whole, beside the same in plain PyTorch.

    python -m benchmarks dreaming [--side 1024] [--ascents 20] [--rounds 5] [--threads 2]

All sides dream in three octaves, each 1.4 times as large as the one before, over one picture of
noise, through SqueezeNet 1.0 up to its seventh fire module, in float32; a stretch is a whole dream.
Beside the times stands the peak memory of each side's process after an ascent in each octave.
"""

from __future__ import annotations

import dataclasses
import statistics

import torch

from benchmarks.harness import Outcome, Prepared, Side
from benchmarks.peers import question
from benchmarks.peers.stretch import peak
from liangyi.core.spec import Pixels, Spec
from liangyi.lab.dreams import squeezenet
from liangyi.runs.building import build
from liangyi.use.dream import dreamt
from liangyi.zoo.vision.deep_dream import DeepDream, DeepDreamConfig

LAYERS = {"features.7": 1.0, "features.9": 0.5}


def ours(side: int, ascents: int, tile: int, device: str) -> Prepared:
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 3, side, side, generator=generator) * 2 - 1
    training = dataclasses.replace(DeepDream.recipe, device=device, precision="float32")
    layers = tuple(f"{name}={weight}" for name, weight in LAYERS.items())

    def dream(steps: int) -> float:
        config = DeepDreamConfig(classifier=squeezenet(), layers=layers, tile=tile, ascents=steps)
        model = build(DeepDream, config, Spec("image", image=Pixels(3, side, side)), 0)
        for report in dreamt(model, picture, training):
            report.read()
        return side * side / 1e6

    dream(1)
    return (lambda: dream(ascents)), {"peak memory, MiB": peak()}


def sides(side: int, ascents: int, device: str) -> list[Side]:
    at = {"side": side, "ascents": ascents, "device": device}
    theirs = at | {"classifier": squeezenet(), "layers": LAYERS}
    return [
        Side("liangyi, tiles", f"{__name__}:ours", at | {"tile": DeepDreamConfig().tile}),
        Side("liangyi, whole", f"{__name__}:ours", at | {"tile": side}),
        Side("PyTorch, whole", "benchmarks.peers.torch_dream:dream", theirs),
    ]


def told(outcomes: dict[str, Outcome]) -> str:
    """Say how long each side takes for a megapixel, and in how much memory."""
    return "; ".join(
        f"{name} {1 / statistics.median(own.rates):.1f} s, {own.facts['peak memory, MiB']:,.0f} MiB"
        for name, own in outcomes.items()
        if own.rates
    )


def main(arguments: list[str]) -> None:
    words = question.options(__doc__)
    words.add_argument("--side", type=int, default=1024, help="pixels of the picture's sides")
    words.add_argument("--ascents", type=int, default=20, help="in each octave")
    asked = words.parse_args(arguments)
    title = f"DeepDream, {asked.side} x {asked.side}, 3 x {asked.ascents} ascents"
    found = question.compare(
        title, sides(asked.side, asked.ascents, asked.device), "megapixels/s", asked
    )
    for table in found.values():
        outcomes = {name: Outcome(**own) for name, own in table.items()}  # type: ignore[arg-type]
        print(f"A megapixel: {told(outcomes)}.\n")
    question.keep(asked, found)
