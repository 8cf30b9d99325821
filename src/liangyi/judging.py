"""The judge of a data set: a small network trained on the data itself, kept for all later scores.

Where the data has labels it learns to name them, elsewhere to tell how pictures were turned; its
hidden layer gives the features in which generated pictures are compared with real ones. It needs
no download, knows the data's own domain, and is named by a hash of its weights: figures in the
features of two different judges are not comparable, and `liangyi compare` refuses to rank them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.core import checkpoint, files
from liangyi.core.batch import Labelled
from liangyi.core.config import Training, to_plain
from liangyi.core.errors import UserError
from liangyi.core.run import build
from liangyi.core.trainer import Trainer, choose_device, load_weights
from liangyi.data import Batches, DataConfig, Dataset, load
from liangyi.data.turned import Turned
from liangyi.measuring import test
from liangyi.zoo.mnist_cnn import MnistCNN, MnistCNNConfig

LARGEST = 64  # pixels of a side; larger pictures are made smaller before they are judged
_EPOCHS = 12  # passes over small data
_STEPS = 2000  # at most
_PATIENCE = 10.0  # seconds without a word


@dataclass(frozen=True)
class Judge:
    """A trained classifier of one data set's pictures."""

    network: MnistCNN
    name: str  # what it is, and the hash of its weights
    accuracy: float  # on held-out pictures, where there are such; else on its own
    labelled: bool  # whether its classes are the data's
    resize: str  # what is done to pictures before

    def features(self, image: Tensor, image_range: tuple[float, float]) -> Tensor:
        """Return features [N D] of pictures [N C H W], on the CPU."""
        return torch.cat([self.network.features(x).cpu() for x in self._parts(image, image_range)])

    def probabilities(self, image: Tensor, image_range: tuple[float, float]) -> Tensor:
        """Return probabilities [N classes] of pictures [N C H W], on the CPU."""
        return torch.cat([self.network.classify(x).cpu() for x in self._parts(image, image_range)])

    def classes(self, image: Tensor, image_range: tuple[float, float]) -> Tensor:
        """Return the class [N] that each picture most likely has."""
        return self.probabilities(image, image_range).argmax(1)

    def _parts(self, image: Tensor, image_range: tuple[float, float]) -> list[Tensor]:
        low, high = image_range
        own_low, own_high = self.network.image_range
        size = self.network.spec.shape[1:]
        parts = []
        for part in image.split(500):
            part = part.to(self.network.device)
            if part.shape[2:] != size:
                part = interpolate(part, tuple(size), mode="bicubic", antialias=True)
            scaled = (part.clamp(low, high) - low) / (high - low)
            parts.append(scaled * (own_high - own_low) + own_low)
        return parts


def judge_of(config: DataConfig, tell: Callable[[str], None] = lambda line: None) -> Judge:
    """Return the judge of such data, trained now if it never was.

    Raises:
        UserError: the data has no pictures, or too few to learn from.
    """
    data = load(config)
    if not isinstance(data, Dataset) or len(data.spec.shape) != 3:
        raise UserError(f"{config.data} has no pictures to judge")
    if len(data) < 50:
        raise UserError(
            f"{len(data)} pictures are too few to train a judge on; 50 or more would do"
        )
    return _judge(data, load(config, "test"), tell)


def _judge(data: Dataset, held_out: object, tell: Callable[[str], None]) -> Judge:
    size = data.spec.shape[1:]
    resize = "none"
    if max(size) > LARGEST:
        from liangyi.data.resize import resized

        data, resize = resized(data, LARGEST), f"{LARGEST} x {LARGEST}, bicubic, antialiased"
        held_out = resized(held_out, LARGEST) if isinstance(held_out, Dataset) else None
    labelled = data.spec.kind == "Labelled" and len(data.spec.classes) > 1
    pupil = data if labelled else Turned(data)
    proof = held_out if isinstance(held_out, Dataset) and len(held_out) else data
    config = MnistCNNConfig()
    batch = min(128, len(pupil) // 4)
    training = Training(
        steps=max(200, min(_STEPS, _EPOCHS * len(pupil) // batch)), batch_size=batch, average=0
    )
    # what changes the judge, not how it is computed
    learned = [training.steps, training.batch_size, training.seed, training.average]
    key = json.dumps([to_plain(config), learned, pupil.fingerprint, _VERSION])
    folder = files.cache() / "judges" / hashlib.sha256(key.encode()).hexdigest()[:16]
    model = build(MnistCNN, config, pupil.spec, training.seed)
    assert isinstance(model, MnistCNN)
    if not _restored(model, folder):
        # built again: weights that did not fit may have been taken in part
        model = build(MnistCNN, config, pupil.spec, training.seed)
        assert isinstance(model, MnistCNN)
        _make(folder)  # what cannot be kept shall be told before the work
        tell(f"training a judge of this data, once: {training.steps} steps")
        device = choose_device(training.device)
        stream = Batches(pupil, Labelled, batch, training.seed, device, model.image_range)
        trainer = Trainer(model, stream, training)
        began = told = time.monotonic()
        for made in trainer.run():
            now = time.monotonic()
            if now - told > _PATIENCE:
                left = (now - began) / made.step * (training.steps - made.step)
                tell(f"the judge is at step {made.step} of {training.steps}, {left:.0f} s to go")
                told = now
        tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
        try:
            checkpoint.save(folder, tensors, {"step": training.steps}, keep=1)
        except OSError as error:
            raise UserError(f"cannot write the judge to {folder}: {error.strerror}") from error
    model.to(choose_device("auto")).eval()
    figures = test(model, proof if labelled else Turned(proof), limit=5000)
    what = "mnist-cnn" if labelled else "mnist-cnn of turned pictures"
    return Judge(model, f"{what} {_hash(model)}", figures["test/accuracy"], labelled, resize)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write the judge to {folder}: {error.strerror}") from error


_VERSION = 1  # to be raised whenever the same data would give another judge


def _restored(model: MnistCNN, folder: Path) -> bool:
    for step in checkpoint.steps(folder):
        try:
            found = checkpoint.load(folder / f"{step:08d}", only_weights=True)
            load_weights(model, found.tensors, "model")
            return True
        except UserError:  # damaged: it is trained anew
            continue
    return False


def _hash(model: MnistCNN) -> str:
    digest = hashlib.sha256()
    for value in model.state_dict().values():
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
