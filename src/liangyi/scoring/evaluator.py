"""The evaluator of a data set: a small network trained on it, kept for all later scores.

Where the data has labels it learns to name them, elsewhere to tell how pictures were rotated; its
hidden layer gives the features in which generated pictures are compared with real ones. It needs
no download, knows the data's own domain, and is named by a hash of its weights: figures in the
features of two different evaluators are not comparable, and `liangyi compare` refuses to rank them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.core.tracking import Track, untracked
from liangyi.data import Data, Dataset, Source
from liangyi.data.pictures.resize import resized
from liangyi.data.pictures.rotated import rotated
from liangyi.scoring import networks
from liangyi.scoring.held_out import figures_on
from liangyi.training.devices import choose_device
from liangyi.zoo.vision.mnist_cnn import MnistCNN

LARGEST = 64  # pixels of a side; larger pictures are made smaller before they are judged


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
    model = networks.trained(pupil, thorough, tell, track).to(choose_device("auto")).eval()
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
    return networks.existing(few.spec, items, name)


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


def _hash(model: MnistCNN) -> str:
    digest = hashlib.sha256()
    for value in model.state_dict().values():
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
