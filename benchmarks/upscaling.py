"""Enlarging photographs: steps a second and megapixels a second, beside plain PyTorch.

    python -m benchmarks upscaling [--batches 16] [--rounds 5] [--threads 2] [--only WORD ...]

The network of `srresnet` on both sides, x4, 8 blocks of 64 channels, patches of 96, Adam. PyTorch
finds its batches ready in memory and keeps no average of the weights; liangyi cuts patches from
photographs, turns them and averages, since that is what users get. Then a picture of 480 x 320 is
enlarged to 1920 x 1280: by PyTorch at once, by liangyi as `liangyi upscale` does, tile by tile, of
bytes and to bytes. Seconds a megapixel are one over what is counted.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import torch

from benchmarks.harness import Prepared, Side
from benchmarks.peers import question
from benchmarks.peers.stretch import repeated, stretches
from liangyi import data
from liangyi.core.binding import bound
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.use.tiles import assembled, made
from liangyi.zoo.vision.srresnet import SRResNet, SRResNetConfig

NETWORK = {"factor": 4, "width": 64, "blocks": 8}
PICTURE = (320, 480)


def model_of(factor: int, width: int, blocks: int, size: int) -> tuple[SRResNet, data.Source]:
    source = data.choose("patches", factor=factor, size=size)
    model = build(SRResNet, SRResNetConfig(width=width, blocks=blocks), source.spec(), 0)
    assert isinstance(model, SRResNet)
    return model, source


def training(batch: int, size: int, precision: str, device: str, **network: int) -> Prepared:
    model, source = model_of(size=size, **network)
    settings = dataclasses.replace(
        SRResNet.recipe, batch_size=batch, device=device, precision=precision, examine_every=0
    )
    split = source.split("train")
    assert split is not None
    stream = data.Batches(split, model.Batch, batch, 0, device, model.image_range)
    trainer = Trainer(model, stream, settings)

    def run(count: int) -> None:
        for _ in trainer.run(count):
            pass
        if device != "cpu":
            torch.accelerator.synchronize()

    weights = sum(weight.numel() for weight in trainer.model.parameters())
    facts = {"precision": trainer.precision, "weights": weights}
    return stretches(run, 1, warm=3, seconds=5), facts


def use(height: int, wide: int, device: str, **network: int) -> Prepared:
    model, _ = model_of(size=96, **network)
    model.to(device)
    picture = torch.randint(256, (1, 3, height, wide), dtype=torch.uint8)
    make = partial(made, model, bound(SRResNet, "upscale", model.spec), {})

    def work(number: int) -> None:
        assembled(make, picture, model.reach)

    megapixels = network["factor"] ** 2 * height * wide / 1e6
    return stretches(repeated(work, device), megapixels, warm=1, seconds=3), {}


def sides(question_: str, at: dict[str, Any]) -> list[Side]:
    ours, theirs = f"{__name__}:{question_}", f"benchmarks.peers.plain_upscaling:{question_}"
    if question_ == "use":
        return [Side("liangyi", ours, at), Side("PyTorch", theirs, at)]
    return [
        Side(f"{name} {precision}", prepare, {**at, "precision": precision})
        for precision in ("float32", "bfloat16")
        for name, prepare in (("liangyi", ours), ("PyTorch", theirs))
    ]


def main(arguments: list[str]) -> None:
    words = question.options(__doc__, batches=(16,))
    asked = words.parse_args(arguments)
    tables = {}
    for batch in asked.batches:
        at = {**NETWORK, "batch": batch, "size": 96, "device": asked.device}
        title = f"Training, batch {batch}"
        tables |= question.compare(title, sides("training", at), "steps/s", asked)
    at = {**NETWORK, "height": PICTURE[0], "wide": PICTURE[1], "device": asked.device}
    tables |= question.compare("Use", sides("use", at), "megapixels/s", asked)
    question.keep(asked, tables)
