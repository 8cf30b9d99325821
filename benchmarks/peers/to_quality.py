"""Trainings of `dcgan-mnist` that stop to draw: ours, plain PyTorch's and Keras'.

All begin with weights of one law (Glorot's, Keras' own) and see the same batches in the same order.
The epsilon of Keras' RMSprop stands under the root, elsewhere beside it: it is given the square of
the others'. Weights are not averaged on any side.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.harness import Prepared, Side, Work
from benchmarks.peers import plain, question
from benchmarks.peers import plain_networks as networks
from benchmarks.peers.stretch import repeated
from liangyi import data
from liangyi.core.batch import Images
from liangyi.core.config import Training
from liangyi.core.verbs import samples
from liangyi.fields.pixels import to_bytes
from liangyi.nets.weights import glorot
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.adversarial.dcgan_mnist import DCGANMnist, DCGANMnistConfig

RANGE = (0.0, 1.0)  # of all pictures
OURS = ("liangyi float32", "liangyi bfloat16")
_PART = 500  # samples drawn at once


@dataclass(frozen=True)
class Plan:
    """What a training's process is told."""

    seed: int
    batch: int
    every: int  # images between looks
    samples: int
    file: str  # where the samples of a look are left


def digits(split: str) -> data.Dataset:
    found = data.choose("mnist").split(split)
    assert isinstance(found, data.Dataset)
    return found


def stream_of(plan: Plan) -> data.Batches:
    return data.Batches(digits("train"), Images, plan.batch, plan.seed, "cpu", RANGE)


def noise_of(plan: Plan) -> tuple[Tensor, ...]:
    """Return the noise of every look, without a trace in the noise of the training."""
    numbers = torch.rand(plan.samples, networks.LATENT, generator=torch.Generator().manual_seed(0))
    return (numbers * 2 - 1).split(_PART)


def in_turn(plan: Plan, run: Callable[[int], None], draw: Callable[[], Tensor]) -> Work:
    """Return work that draws and trains in turn, so that the harness times them apart."""

    def look() -> float:
        drawn = draw()
        if not drawn.isfinite().all():
            raise FloatingPointError("the samples are no longer finite")
        np.save(plan.file, to_bytes(drawn, RANGE).numpy())
        return len(drawn)

    def stretch() -> float:
        run(plan.every // plan.batch)
        return plan.every

    turns = itertools.cycle((look, stretch))
    return lambda: next(turns)()


def by_liangyi(precision: str, **settings: Any) -> Prepared:
    plan = Plan(**settings)
    stream = stream_of(plan)
    model = build(DCGANMnist, DCGANMnistConfig(), stream.spec, plan.seed)
    training = Training(seed=plan.seed, batch_size=plan.batch, device="cpu", precision=precision,
                        average=0, examine_every=0)  # fmt: skip
    trainer = Trainer(model, stream, training)

    def run(count: int) -> None:
        for _ in trainer.run(count):
            pass

    weights = networks.count(model.generator, model.discriminator)
    facts = {"precision": trainer.precision, "weights": weights}
    return in_turn(plan, run, lambda: samples(model, plan.samples)), facts


def by_pytorch(bfloat16: bool, **settings: Any) -> Prepared:
    plan = Plan(**settings)
    torch.manual_seed(plan.seed)
    generator, discriminator = networks.dcgan_generator(), networks.dcgan_discriminator()
    glorot(generator)
    glorot(discriminator)
    step = plain.dcgan_step(generator, discriminator, bfloat16)
    stream, noise = stream_of(plan), noise_of(plan)

    @torch.no_grad()
    def draw() -> Tensor:
        generator.eval()
        drawn = torch.cat([generator(part) for part in noise])
        generator.train()
        return drawn

    run = repeated(
        lambda made: step(stream.batch(made).image, plain.uniform(plan.batch, "cpu")), "cpu"
    )
    precision = "bfloat16 autocast" if bfloat16 else "float32"
    facts = {"precision": precision, "weights": networks.count(generator, discriminator)}
    return in_turn(plan, run, draw), facts


def by_keras(**settings: Any) -> Prepared:
    plan = Plan(**settings)
    # first: the LLVM that torchvision brings in (by triton) ends a process that has TensorFlow's
    stream, noise = stream_of(plan), noise_of(plan)
    import keras  # not above: other sides do without

    from benchmarks.peers import keras_gan, keras_networks, keras_run

    torch.set_num_threads(1)  # it only gathers batches; its threads would wait on Keras' cores
    keras.utils.set_random_seed(plan.seed)
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")
    gan = keras_gan.GAN(keras_networks.dcgan_generator(), keras_networks.dcgan_discriminator())
    gan.seeds = keras.random.SeedGenerator(plan.seed)
    gan.compile(
        keras.optimizers.RMSprop(1e-4, rho=0.9, epsilon=1e-7**2),
        keras.optimizers.RMSprop(2e-4, rho=0.9, epsilon=1e-7**2),
    )

    def step(made: int) -> None:
        image = stream.batch(made).image.permute(0, 2, 3, 1).contiguous()
        gan.train_on_batch(keras.ops.convert_to_tensor(image.numpy()))

    def draw() -> Tensor:
        parts = [gan.generator(part.numpy(), training=False) for part in noise]
        drawn = np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
        return torch.from_numpy(drawn).permute(0, 3, 1, 2)

    work = in_turn(plan, repeated(step, "cpu"), draw)
    return keras_run.prepared(work, gan.generator, gan.discriminator)


def sides() -> list[Side]:
    ours, plainly = f"{__name__}:by_liangyi", f"{__name__}:by_pytorch"
    return [
        Side("liangyi float32", ours, {"precision": "float32"}),
        Side("liangyi bfloat16", ours, {"precision": "bfloat16"}),
        Side("PyTorch float32", plainly, {"bfloat16": False}),
        Side("PyTorch bfloat16 autocast", plainly, {"bfloat16": True}),
        Side("Keras on TensorFlow float32", f"{__name__}:by_keras", {}, question.TENSORFLOW),
    ]
