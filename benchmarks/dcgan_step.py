"""A whole training step of `dcgan-mnist`: liangyi and its peers, real images a second.

    python -m benchmarks dcgan-step [--batches 64 128 256] [--rounds 5] [--only WORD ...]
    python -m benchmarks dcgan-step --agree

All sides train the same two networks (2.4 M and 4.3 M weights, dropout 0.4 in both) by RMSprop on
the same resident pictures, one turn of each player a step. PyTorch and liangyi show both players
the same fakes, Keras and torchgan draw new ones for the generator's turn, as their own examples do.

`--agree` shows that the work is the same: the losses of ten steps of liangyi and of PyTorch, both
in float32 with dropout off, from the same weights, pictures and noise. RMSprop divides each
gradient by its own size, however small, so rounding grows from step to step; how fast is told by
PyTorch against itself, with its maps in the other memory layout.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

import torch
from torch import Tensor

from benchmarks.harness import Prepared, Side
from benchmarks.peers import plain, question
from benchmarks.peers import plain_networks as networks
from benchmarks.peers.resident import Resident, batches, digits
from benchmarks.peers.stretch import stretches
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.adversarial.dcgan_mnist import DCGANMnist, DCGANMnistConfig

STEPS = 10  # that `--agree` compares
Losses = tuple[float, float]  # the discriminator's, the generator's


def trainer_of(config: DCGANMnistConfig, images: list[Tensor], **training: Any) -> Trainer:
    spec = digits().spec
    chosen = dataclasses.replace(
        DCGANMnist.recipe, batch_size=len(images[0]), average=0, **training
    )
    return Trainer(build(DCGANMnist, config, spec, seed=0), Resident(spec, images), chosen)


def ours(batch: int, device: str, precision: str) -> Prepared:
    images = batches(batch, device=device)
    trainer = trainer_of(DCGANMnistConfig(), images, device=device, precision=precision)

    def run(count: int) -> None:
        for _ in trainer.run(count):
            pass
        if device != "cpu":
            torch.accelerator.synchronize()

    model = trainer.model
    facts = {
        "precision": trainer.precision,
        "compile": trainer.training.compile,
        "weights": networks.count(model.generator, model.discriminator),
    }
    return stretches(run, batch, warm=2, seconds=3), facts


def sides(batch: int, device: str) -> list[Side]:
    at = {"batch": batch, "device": device}
    found = [
        Side("liangyi float32", f"{__name__}:ours", at | {"precision": "float32"}),
        Side("liangyi bfloat16", f"{__name__}:ours", at | {"precision": "bfloat16"}),
        Side("PyTorch float32", "benchmarks.peers.plain:dcgan", at | {"bfloat16": False}),
        Side("PyTorch bfloat16 autocast", "benchmarks.peers.plain:dcgan", at | {"bfloat16": True}),
        Side(
            "torchgan float32",
            "benchmarks.peers.torchgan_gan:dcgan",
            at,
            {"TENSORBOARD_LOGGING": "0", "VISDOM_LOGGING": "0"},
        ),
    ]
    if device != "cpu":
        return found
    keras = "benchmarks.peers.keras_gan:dcgan"
    mixed = {"batch": batch, "policy": "mixed_bfloat16"}
    return [
        *found,
        Side("Keras on TensorFlow float32", keras, {"batch": batch}, question.TENSORFLOW),
        Side("Keras on TensorFlow mixed_bfloat16", keras, mixed, question.TENSORFLOW),
        Side("Keras on PyTorch float32", keras, {"batch": batch}, question.TORCH),
    ]


def by_liangyi(trainer: Trainer, noise: list[Tensor]) -> list[Losses]:
    prepared = iter(noise)
    trainer.model.noise = lambda count: next(prepared)
    losses = [report.read() for report in trainer.run(len(noise))]
    return [(loss["discriminator"], loss["generator"]) for loss in losses]


def by_pytorch(
    weights: dict[str, dict[str, Tensor]],
    images: list[Tensor],
    noise: list[Tensor],
    layout: torch.memory_format,
) -> list[Losses]:
    players = {
        "generator": networks.dcgan_generator(dropout=0),
        "discriminator": networks.dcgan_discriminator(dropout=0),
    }
    for name, player in players.items():
        # by position: the two programs name their layers differently
        named = dict(zip(player.state_dict(), weights[name].values(), strict=True))
        player.load_state_dict(named)
        player.to(images[0].device, memory_format=layout)
    step = plain.dcgan_step(players["generator"], players["discriminator"])
    return [step(images[made % len(images)], one) for made, one in enumerate(noise)]


def agree(asked: argparse.Namespace) -> None:
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    batch, device = asked.batches[0], asked.device
    images = batches(batch, device=device)
    noise = [plain.uniform(batch, device) for _ in range(STEPS)]
    config = DCGANMnistConfig(dropout=0)
    trainer = trainer_of(config, images, device=device, precision="float32", examine_every=0)
    weights = {
        name: {key: value.clone() for key, value in player.state_dict().items()}
        for name, player in trainer.model.named_children()
    }
    plainly = by_pytorch(weights, images, noise, torch.contiguous_format)
    found = {
        "PyTorch": plainly,
        "PyTorch channels last": by_pytorch(weights, images, noise, torch.channels_last),
        "liangyi": by_liangyi(trainer, noise),
    }
    print("| step |" + "".join(f" {name} D | {name} G |" for name in found))
    print("|---:|" + "---:|---:|" * len(found))
    for step, losses in enumerate(zip(*found.values(), strict=True), 1):
        print(f"| {step} |" + "".join(f" {d:.7f} | {g:.7f} |" for d, g in losses))
    print()
    apart = {name: differences(losses, plainly) for name, losses in found.items()}
    for name in ("PyTorch channels last", "liangyi"):
        shown = ", ".join(f"{difference:.1e}" for difference in apart[name])
        print(f"{name} from PyTorch, step by step: {shown}; largest {max(apart[name]):.1e}")
    question.keep(asked, {"batch": batch, "losses": found, "differences": apart})


def differences(losses: list[Losses], others: list[Losses]) -> list[float]:
    """Return each step's larger relative difference."""
    return [
        max(abs(a - b) / abs(b) for a, b in zip(one, other, strict=True))
        for one, other in zip(losses, others, strict=True)
    ]


def main(arguments: list[str]) -> None:
    words = question.options(__doc__, batches=(64, 128, 256))
    words.add_argument("--agree", action="store_true", help="compare losses, not speed")
    asked = words.parse_args(arguments)
    if asked.agree:
        agree(asked)
        return
    tables = {}
    for batch in asked.batches:
        found = sides(batch, asked.device)
        tables |= question.compare(f"DCGAN, batch {batch}", found, "images/s", asked)
    question.keep(asked, tables)
