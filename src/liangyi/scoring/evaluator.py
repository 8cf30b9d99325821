"""The evaluator of a data set: a small network trained on it, kept for all later scores.

Where the data has labels it learns to name them, elsewhere to tell how pictures were rotated; its
hidden layer gives the features in which generated pictures are compared with real ones. It needs
no download, knows the data's own domain, and is named by a hash of its weights: figures in the
features of two different evaluators are not comparable, and `liangyi compare` refuses to rank them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.core import files
from liangyi.core.batch import Labelled
from liangyi.core.config import Training, to_plain
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.core.tracking import Track, untracked
from liangyi.data import Batches, Data, Dataset, Source
from liangyi.data.pictures.resize import resized
from liangyi.data.pictures.rotated import rotated
from liangyi.runs import checkpoint, fitting
from liangyi.runs.building import build
from liangyi.scoring.held_out import figures_on
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer
from liangyi.training.weights import load_weights
from liangyi.zoo.vision.mnist_cnn import MnistCNN, MnistCNNConfig

LARGEST = 64  # pixels of a side; larger pictures are made smaller before they are judged
_EPOCHS = 12  # passes over small data
_LEAST = 200  # steps, however small the data is
_STEPS, _WIDTH = 600, 16  # at most a minute or two on two cores
_THOROUGH_STEPS, _THOROUGH_WIDTH = 2000, 32  # ten to fifteen times as long
_PAUSE = 10.0  # seconds between checkpoints


@dataclass(frozen=True)
class Evaluator:
    """A trained classifier of one data set's pictures."""

    network: MnistCNN
    name: str  # what it is, and the hash of its weights
    accuracy: float  # on held-out pictures, where there are such; else on its own
    labelled: bool  # whether its classes are the data's
    resize: str  # what is done to pictures before

    def features(self, image: Tensor, image_range: tuple[float, float]) -> Tensor:
        """Return features [N D] of pictures [N C H W], on the CPU."""
        return features_of(self.network, image, image_range)

    def probabilities(self, image: Tensor, image_range: tuple[float, float]) -> Tensor:
        """Return probabilities [N classes] of pictures [N C H W], on the CPU."""
        parts = _parts(self.network, image, image_range)
        return torch.cat([self.network.classify(x).cpu() for x in parts])

    def classes(self, image: Tensor, image_range: tuple[float, float]) -> Tensor:
        """Return the class [N] that each picture most likely has."""
        return self.probabilities(image, image_range).argmax(1)


def features_of(network: Model, image: Tensor, image_range: tuple[float, float]) -> Tensor:
    """Return an evaluator's features [N D] of pictures [N C H W], on the CPU."""
    return torch.cat([network.features(x).cpu() for x in _parts(network, image, image_range)])


def _parts(network: Model, image: Tensor, image_range: tuple[float, float]) -> list[Tensor]:
    low, high = image_range
    own_low, own_high = network.image_range
    size = network.spec.shape[1:]
    parts = []
    for part in image.split(500):
        part = part.to(network.device)
        if part.shape[2:] != size:
            part = interpolate(part, tuple(size), mode="bicubic", antialias=True)
        scaled = (part.clamp(low, high) - low) / (high - low)
        parts.append(scaled * (own_high - own_low) + own_low)
    return parts


def evaluator_of(
    source: Source,
    item: str = "image",
    tell: Callable[[str], None] = lambda line: None,
    track: Track = untracked,
    thorough: bool = False,
    label: str = "label",
) -> Evaluator:
    """Return the evaluator of such data, trained now if it never was.

    Whoever stops the training loses at most ten seconds of it: the next one goes on, bit for bit.

    Args:
        source: the data.
        item: name of its field of pictures.
        tell: is given lines for people.
        track: follows the training.
        thorough: the longer training of a wider network. It is another evaluator: its figures are
            not comparable with those of the usual one.
        label: name of the field of classes that it learns to name, where the data has it.

    Raises:
        UserError: the data has no pictures, or too few to learn from.
    """
    data = source.split("train")
    if not isinstance(data, Dataset) or not isinstance(data.spec.fields.get(item), Pixels):
        raise UserError(f"{source.name} has no pictures to evaluate")
    if len(data) < 50:
        raise UserError(
            f"{len(data)} pictures are too few to train an evaluator on; 50 or more would do"
        )
    held_out = source.split("test")
    data, proof = pictures(data, item, label), pictures(held_out, item, label) if held_out else None
    pupil, resize = _pupil(data)
    labelled = len(data.spec.classes) > 1
    model = _network(pupil, thorough, tell, track).to(choose_device("auto")).eval()
    shown = _pupil(proof)[0] if proof else pupil
    figures = figures_on(model, shown, limit=5000)
    what = "mnist-cnn" if labelled else "mnist-cnn of rotated pictures"
    return Evaluator(model, f"{what} {_hash(model)}", figures["test/accuracy"], labelled, resize)


def existing(source: Source, item: str = "image") -> Model | None:
    """Return the network of the evaluator of such data, None where it was not trained before.

    Its name is a matter of the settings and the data alone, so nothing is trained nor resized.

    Args:
        source: the data.
        item: name of its field of pictures.
    """
    data = source.split("train")
    if not isinstance(data, Dataset) or not isinstance(data.spec.fields.get(item), Pixels):
        return None
    few = pictures(data.part(data.subset(1), "one"), item)
    name, items = data.fingerprint, len(data)
    if max(few.spec.shape[1:]) > LARGEST:
        few, name = _smaller(few), f"{name}-{LARGEST}"
    if len(few.spec.classes) < 2:
        few, name, items = rotated(few), f"rotated-{name}", 4 * items
    if items < 4:
        return None
    config, training = _recipe(items)
    folder = _folder(config, training, name)
    return _kept(config, few.spec, folder) if folder.is_dir() else None


def pictures(data: Data, item: str, label: str = "label") -> Dataset:
    """Return a field of pictures as `image`, beside their classes as `label` if there are any."""
    assert isinstance(data, Dataset)
    classes = isinstance(data.spec.fields.get(label), Label)
    names = {"image": item} | ({"label": label} if classes else {})
    spec = Spec("image", **{name: data.spec[own] for name, own in names.items()})
    columns = {name: data.columns[own] for name, own in names.items()}
    other = "" if label == "label" else f"-{label}"
    return Dataset(spec, columns, f"{data.fingerprint}{other}")


def _pupil(data: Dataset) -> tuple[Dataset, str]:
    """Return what is learned, at a size that can be learned, and how it was brought to that."""
    resize = "none"
    if max(data.spec.shape[1:]) > LARGEST:
        data, resize = _smaller(data), f"{LARGEST} x {LARGEST}, bicubic, antialiased"
    return data if len(data.spec.classes) > 1 else rotated(data), resize


def _smaller(data: Dataset) -> Dataset:
    image = data.columns["image"]
    if not isinstance(image, Tensor):
        middle = torch.tensor(0.5, device="cpu")  # of pictures that change at each look
        image = image.take(
            torch.arange(len(data), device="cpu"), lambda width: middle.expand(len(data), width)
        )[""]
    small = resized(image, LARGEST)
    field = Pixels(small.shape[1], LARGEST, LARGEST)
    name = f"{data.fingerprint}-{LARGEST}"
    return Dataset(data.spec.replace(image=field), {**data.columns, "image": small}, name)


def _network(pupil: Dataset, thorough: bool, tell: Callable[[str], None], track: Track) -> MnistCNN:
    """Return the trained network: from the cache, or made now and kept there."""
    config, training = _recipe(len(pupil), thorough)
    folder = _folder(config, training, pupil.fingerprint)
    model = _kept(config, pupil.spec, folder)
    if model is None:
        with _turn(folder, tell):
            files.sweep(folder)
            model = _kept(config, pupil.spec, folder)  # made by whoever was first
            model = model or _trained(config, pupil, training, folder, tell, track)
    return model


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


_VERSION = 2  # to be raised whenever the same data would give another evaluator


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


def _hash(model: MnistCNN) -> str:
    digest = hashlib.sha256()
    for value in model.state_dict().values():
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
