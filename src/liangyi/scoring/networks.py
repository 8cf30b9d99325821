"""The networks of evaluators: each is trained once, and kept in the cache for all later scores."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from liangyi.core import files
from liangyi.core.batch import Labelled
from liangyi.core.config import Training, to_plain
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec
from liangyi.core.tracking import Track
from liangyi.data import Batches, Dataset
from liangyi.runs import checkpoint, fitting
from liangyi.runs.building import build
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer
from liangyi.training.weights import load_weights
from liangyi.zoo.vision.mnist_cnn import MnistCNN, MnistCNNConfig

_EPOCHS = 12  # passes over small data
_LEAST = 200  # steps, however small the data is
_STEPS, _WIDTH = 600, 16  # at most a minute or two on two cores
_THOROUGH_STEPS, _THOROUGH_WIDTH = 2000, 32  # ten to fifteen times as long
_PAUSE = 10.0  # seconds between checkpoints
_VERSION = 2  # to be raised whenever the same data would give another evaluator


def trained(pupil: Dataset, thorough: bool, tell: Callable[[str], None], track: Track) -> MnistCNN:
    """Return the network that learned this data: from the cache, or trained now and kept there.

    Args:
        pupil: pictures with the classes that it learns to name.
        thorough: the longer training of a wider network.
        tell: is given lines for people.
        track: follows the training.

    Raises:
        UserError: the cache cannot be written.
    """
    config, training = _recipe(len(pupil), thorough)
    folder = _folder(config, training, pupil.fingerprint)
    model = _kept(config, pupil.spec, folder)
    if model is None:
        with _turn(folder, tell):
            files.sweep(folder)
            model = _kept(config, pupil.spec, folder)  # made by whoever was first
            model = model or _trained(config, pupil, training, folder, tell, track)
    return model


def existing(spec: Spec, items: int, fingerprint: str) -> MnistCNN | None:
    """Return the usual network of such data from the cache, None where it was not trained before.

    Args:
        spec: of the data.
        items: how many there are to learn from.
        fingerprint: of the data.
    """
    config, training = _recipe(items)
    folder = _folder(config, training, fingerprint)
    return _kept(config, spec, folder) if folder.is_dir() else None


def _recipe(items: int, thorough: bool = False) -> tuple[MnistCNNConfig, Training]:
    """Return what is trained on so many items, and how."""
    batch = min(128, items // 4)
    most = _THOROUGH_STEPS if thorough else _STEPS
    steps = max(_LEAST, min(most, _EPOCHS * items // batch))
    config = MnistCNNConfig(width=_THOROUGH_WIDTH if thorough else _WIDTH)
    return config, Training(steps=steps, batch_size=batch, average=0)


def _folder(config: MnistCNNConfig, training: Training, fingerprint: str) -> Path:
    # what changes the evaluator, not how it is computed
    learned = [training.steps, training.batch_size, training.seed, training.average]
    key = json.dumps([to_plain(config), learned, fingerprint, _VERSION])
    return files.cache() / "evaluators" / hashlib.sha256(key.encode()).hexdigest()[:16]


@contextmanager
def _turn(folder: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Wait until nobody else trains this evaluator.

    Raises:
        UserError: it could not be kept, which shall be told before the work.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            tell("another process is training the evaluator of this data; waiting for it")
            lock.acquire()
    except OSError as error:
        raise UserError(f"cannot write the evaluator to {folder}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def _trained(
    config: MnistCNNConfig,
    pupil: Dataset,
    training: Training,
    folder: Path,
    tell: Callable[[str], None],
    track: Track,
) -> MnistCNN:
    """Train an evaluator and keep it; go on where an earlier training of it was stopped."""
    model = build(MnistCNN, config, pupil.spec, training.seed)
    assert isinstance(model, MnistCNN)
    device = choose_device(training.device)
    batch, seed = training.batch_size, training.seed
    stream = Batches(pupil, Labelled, batch, seed, device, model.image_range)
    trainer = Trainer(model, stream, training)
    unfinished = folder / "unfinished"
    unfinished.mkdir(exist_ok=True)
    files.sweep(unfinished)
    _restore(trainer, unfinished)
    since = f", from step {trainer.step} on" if trainer.step else ""
    tell(f"training an evaluator of this data, once: {many(training.steps, 'step')}{since}")
    written = time.monotonic()
    for _ in track(trainer.run(), training.steps - trainer.step, "evaluator"):
        if time.monotonic() - written > _PAUSE:
            checkpoint.save(unfinished, *trainer.state(), keep=1)
            written = time.monotonic()
    tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
    checkpoint.save(folder, tensors, {"step": training.steps}, keep=1)
    shutil.rmtree(unfinished, ignore_errors=True)
    return model


def _restore(trainer: Trainer, folder: Path) -> None:
    """Bring a trainer to where it was stopped, if that is known and sound."""
    for step in checkpoint.steps(folder):
        try:
            found = checkpoint.load(folder / f"{step:08d}")
            fitting.demand_weights(trainer.model, found.tensors, "model")
            fitting.demand_optimizers(trainer.model, found)
        except checkpoint.Damaged:
            continue
        if step < trainer.total:
            trainer.restore(found.tensors, found.plain)
            return


def _kept(config: MnistCNNConfig, spec: Spec, folder: Path) -> MnistCNN | None:
    """Return the evaluator that was trained before, None where there is none that is sound."""
    for step in checkpoint.steps(folder):
        model = build(MnistCNN, config, spec, 0)
        assert isinstance(model, MnistCNN)
        try:
            found = checkpoint.load(folder / f"{step:08d}", only_weights=True)
            fitting.demand_weights(model, found.tensors, "model")
        except checkpoint.Damaged:  # it is trained anew
            continue
        load_weights(model, found.tensors, "model")
        return model
    return None
