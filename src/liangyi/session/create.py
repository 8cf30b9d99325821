"""Make a run: look at the data and at the settings once, and leave nothing when they are wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import torch

from liangyi.core.config import Config, Training
from liangyi.core.counts import few, many
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.data import Data, Source
from liangyi.doctor.few import ENOUGH, too_few
from liangyi.runs.building import build
from liangyi.runs.origin import Origin
from liangyi.runs.run import Run
from liangyi.scoring.validation import validation_of
from liangyi.session.best import keep_evaluator
from liangyi.training.devices import choose_device
from liangyi.training.settings import check


def create(
    kind: type[Model],
    config: Config,
    source: Source,
    training: Training,
    out: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
    origin: Origin | None = None,
) -> Run:
    """Make a run, after looking at the data and building the model once.

    Nothing is left on the disk when something is wrong.

    Args:
        kind: class of the model.
        config: its settings.
        source: what it learns from.
        training: how it is trained.
        out: the run's folder; None: the next free one.
        tell: is given lines for people.
        origin: weights of another run to begin with.

    Raises:
        UserError: the data is not there, the model cannot learn from it, the batch is too large, or
            the weights to begin with do not fit.
    """
    data = source.split("train")
    if data is None:
        raise UserError(f"{source.name} has nothing to train on", setting="data")
    for line in source.findings():
        tell(line)
    if "sample" in kind.verbs() and (lack := too_few(data.size)):
        tell(f"{lack}; {ENOUGH}")
    check_devices(training)
    model = build(kind, config, data.spec, training.seed)
    for line in model.remarks():
        tell(line)
    check(model, training, data.size)
    chooses = _chooses(model, training, source, data)
    if origin is not None:
        fresh = origin.into(model)
        but = f", but for {few(fresh)}, which begins anew" if fresh else ""
        tell(f"begins with the weights of {origin.run} at step {origin.step:,}{but}")
    run = Run.create(out, model, training, source, data, begins=origin)
    if chooses:
        keep_evaluator(run, source)
    return run


def _chooses(model: Model, training: Training, source: Source, data: Data) -> bool:
    """Whether something tells which checkpoint is the best.

    Raises:
        UserError: nothing does, but the training shall end when nothing gets better.
    """
    if training.validation_pace and validation_of(model, data, source.split("test")):
        return True
    if training.patience:
        why = "validate_every is 0" if not training.validation_pace else "nothing tells that here"
        raise UserError(f"waits for something better, but {why}; leave it out", setting="patience")
    return False


def check_devices(training: Training) -> None:
    """Make sure that the devices are there and that the batch can be shared out among them.

    Raises:
        UserError: they are not, or it cannot.
    """
    device = choose_device(training.device)
    try:
        torch.Generator(device)
    except RuntimeError:
        raise UserError(
            f"nothing can be trained on {training.device}; try auto", setting="device"
        ) from None
    there = torch.cuda.device_count() if device.type == "cuda" else os.cpu_count() or 1
    if training.devices > there:
        what = many(there, "GPU" if device.type == "cuda" else "core")
        raise UserError(f"{training.devices}, but this machine has {what}", setting="devices")
    workers = training.devices * training.nodes
    if training.rewind and workers > 1:
        raise UserError("is for a single process; leave it out", setting="rewind")
    if training.batch_size % workers:
        raise UserError(
            f"{training.batch_size} is no multiple of the {workers} processes that shall share it",
            setting="batch_size",
        )
