"""Steps of the two smallest models, where the machinery costs most: liangyi and its peers.

    python -m benchmarks small-step [--batches 64 128] [--rounds 5] [--only WORD ...]

The GAN 100-128-784 against 784-128-1 (steps a second, batch 64 if nothing is said) and the VAE
784-400-20 (images a second, batch 128), Adam for both. Peers find their batches ready in memory;
liangyi takes its own from `data.Batches`, which shuffles, gathers and scales bytes, since that is
what users get. Keras on TensorFlow stands there twice: a call for each step, and 32 steps a call.
"""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

import torch

from benchmarks.harness import Prepared, Side
from benchmarks.peers import plain_networks as networks
from benchmarks.peers import question
from benchmarks.peers.resident import digits
from benchmarks.peers.stretch import stretches
from liangyi import data
from liangyi.core.batch import Images
from liangyi.core.config import Config, Training
from liangyi.core.model import Model
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.adversarial.gan import GAN, GANConfig
from liangyi.zoo.codes.vae import VAE, VAEConfig

MLP = GANConfig(latent=100, generator_widths=(128,), discriminator_widths=(128,))
MODELS: dict[str, tuple[type[Model], Config]] = {"gan": (GAN, MLP), "vae": (VAE, VAEConfig())}
USUAL = {"gan": ("steps/s", 64), "vae": ("images/s", 128)}  # what is counted, and the batch


def compiling(wanted: bool) -> Any:
    """Return the value of `Training.compile` that asks for a compiled step, or for none."""
    if typing.get_type_hints(Training)["compile"] is bool:
        return wanted
    return "on" if wanted else "off"


def ours(
    model: str, batch: int, device: str, compiled: bool, precision: str = "float32"
) -> Prepared:
    kind, config = MODELS[model]
    training = dataclasses.replace(
        kind.recipe,
        batch_size=batch,
        average=0,
        device=device,
        precision=precision,
        compile=compiling(compiled),
    )
    pictures = digits()
    stream = data.Batches(pictures, Images, batch, device=device, value_range=kind.image_range)
    trainer = Trainer(build(kind, config, pictures.spec, seed=0), stream, training)

    def run(count: int) -> None:
        for _ in trainer.run(count):
            pass
        if device != "cpu":
            torch.accelerator.synchronize()

    facts = {
        "precision": trainer.precision,
        "compile": training.compile,
        "data": "shuffled, gathered and scaled by data.Batches in every step",
        "weights": networks.count(*trainer.model.children()),
    }
    return stretches(run, 1 if kind is GAN else batch, warm=20, seconds=1), facts


def own(model: str, at: dict[str, Any]) -> list[Side]:
    prepare = f"{__name__}:ours"
    plain = at | {"model": model, "compiled": False}
    compiled = at | {"model": model, "compiled": True}
    found = [Side("liangyi", prepare, plain), Side("liangyi compiled", prepare, compiled)]
    if model == "vae":
        half = compiled | {"precision": "bfloat16"}
        found.append(Side("liangyi compiled bfloat16", prepare, half))
    return found


def sides(model: str, batch: int, device: str) -> list[Side]:
    at = {"batch": batch, "device": device}
    function = {"gan": "mlp_gan", "vae": "vae"}[model]
    found = [
        *own(model, at),
        Side("hand-written loop", f"benchmarks.peers.lean:{function}", at),
        Side("PyTorch", f"benchmarks.peers.plain:{function}", at),
    ]
    if device != "cpu":
        return found
    keras = f"benchmarks.peers.keras_{model}:{function}"
    alone, fused = {"batch": batch}, {"batch": batch, "fused": True}
    found += [
        Side("Keras on TensorFlow", keras, alone, question.TENSORFLOW),
        Side("Keras on TensorFlow, 32 steps a call", keras, fused, question.TENSORFLOW),
        Side("Keras on PyTorch", keras, alone, question.TORCH),
    ]
    if model == "vae":
        found.append(Side("pythae", "benchmarks.peers.pythae_vae:vae", alone))
    return found


def main(arguments: list[str]) -> None:
    words = question.options(__doc__, batches=())
    words.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    asked = words.parse_args(arguments)
    tables = {}
    for model in asked.models:
        unit, usual = USUAL[model]
        for batch in asked.batches or (usual,):
            found = sides(model, batch, asked.device)
            tables |= question.compare(f"{model.upper()}, batch {batch}", found, unit, asked)
    question.keep(asked, tables)
