"""How fast a model trains on this machine, measured on a throwaway one in a few seconds."""

from __future__ import annotations

import time

import torch

from liangyi import fields
from liangyi.core import draw
from liangyi.core.config import Config, Training
from liangyi.core.model import Model
from liangyi.core.spec import Label, Pixels, Spec, Words, fields_of
from liangyi.data import Batches, Dataset
from liangyi.runs.building import build
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer


def seconds_a_step(
    kind: type[Model], config: Config, spec: Spec, training: Training, patience: float = 3.0
) -> float:
    """Measure a training step on made-up data; nothing is left of it.

    Looking, saving and compiled steps are left out.

    Args:
        kind: class of the model.
        config: its settings.
        spec: what the data looks like.
        training: how it is trained; batch size, device and precision matter.
        patience: seconds after which no further step is begun.

    Returns:
        Seconds, the fastest half of the steps on average: others have work to do on this machine,
        too.
    """
    model = build(kind, config, spec, training.seed)
    data = made_up(spec, model.Batch, training.batch_size)
    plain = Training(
        steps=10**6, batch_size=training.batch_size, device=training.device, compile="off",
        precision=training.precision, accumulate=training.accumulate, examine_every=0,
    )  # fmt: skip
    device = choose_device(training.device)
    stream = Batches(data, model.Batch, plain.batch_size, 0, device, model.image_range)
    trainer = Trainer(model, stream, plain)
    took: list[float] = []
    began = time.perf_counter()
    for made in trainer.run():
        made.read()  # waits for the device
        now = time.perf_counter()
        took.append(now - began - sum(took))
        if now - began > patience and len(took) > 1:
            break
    steady = sorted(took[1:])  # the first makes the optimisers' states
    half = steady[: (len(steady) + 1) // 2]
    return sum(half) / len(half)


def made_up(spec: Spec, kind: type, count: int) -> Dataset:
    """Return data of a form, filled at random."""
    generator = draw.generator(0, "made up")
    columns = {}
    for name in fields_of(kind):
        field = spec[name]
        shape = (count, *field.shape)
        if isinstance(field, Pixels):
            columns[name] = torch.randint(256, shape, generator=generator, device="cpu").byte()
        elif isinstance(field, Label | Words):
            high = len(field.names) if isinstance(field, Label) else field.count
            columns[name] = torch.randint(high, shape, generator=generator, device="cpu")
        else:
            columns[name] = fields.example(field, count, torch.device("cpu"))
    kept = Spec(spec.item, **{name: spec[name] for name in columns})
    return Dataset(kept, columns, "made up")
