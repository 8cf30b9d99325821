"""Streams of batches: `load(DataConfig(name="digits"))`, or any folder of pictures by its path."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Annotated, NamedTuple

from annotated_types import Ge, Le

from liangyi.core.batch import Spec
from liangyi.core.config import Config
from liangyi.core.errors import UserError, unknown
from liangyi.data.dataset import Batches, Dataset, Judge, Law
from liangyi.data.places import typed

__all__ = [
    "SOURCES",
    "Batches",
    "DataConfig",
    "Dataset",
    "Judge",
    "Law",
    "load",
    "names",
    "spec_of",
]


# far beyond what can be learned here, and before what no machine can hold
Side = Annotated[int, Ge(1), Le(8192)]
Vocabulary = Annotated[int, Ge(1), Le(50_000)]
Length = Annotated[int, Ge(1), Le(1000)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataConfig(Config):
    """Which data, and in which form."""

    data: str = "digits"  # a name that `liangyi list` shows, or the path of a folder of pictures
    data_root: str | None = None  # where data sets lie or are downloaded; else LIANGYI_DATA
    size: Side | None = None  # pictures are cropped to a square and resized to this many pixels
    grey: bool = False  # turn colour pictures to grey ones
    vocabulary: Vocabulary = 5000  # words of the oracle's language
    length: Length = 20  # words a sentence of the oracle's


def _digits(config: DataConfig, split: str) -> Dataset:
    from liangyi.data.digits import digits

    return digits(split)


def _toy(name: str) -> Callable[[DataConfig, str], Law]:
    def make(config: DataConfig, split: str) -> Law:
        from liangyi.data import toys

        laws: dict[str, Callable[[], Law]]
        laws = {"ring": toys.ring, "grid": toys.grid, "parabola": toys.Parabola}
        return laws[name]()

    return make


def _oracle(config: DataConfig, split: str) -> Dataset:
    from liangyi.data.oracle import Oracle

    return Oracle(config.vocabulary, config.length, split)


def _vision(config: DataConfig, split: str) -> Dataset:
    from liangyi.data.vision import vision

    return vision(config.data, split, config.data_root, size=config.size, grey=config.grey)


def _stacked(config: DataConfig, split: str) -> Dataset:
    from liangyi.data.stacked import stacked

    digits = load(dataclasses.replace(config, data="mnist", grey=False), split)
    assert isinstance(digits, Dataset)
    return stacked(digits, split)


_DIGITS = tuple("0123456789")
_CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
            "Bag", "Ankle boot")  # fmt: skip
_CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_PLANE = Spec(kind="Points", shape=(2,))


class Source(NamedTuple):
    """One kind of data that has a name."""

    about: str  # one line for people
    spec: Spec  # what it serves when nothing else is asked for
    make: Callable[[DataConfig, str], Dataset | Law]


# what is not here is taken for the path of a folder
SOURCES = {
    "digits": Source(
        "1,797 handwritten digits, 8 x 8, grey; embedded",
        Spec(kind="Labelled", shape=(1, 8, 8), classes=_DIGITS),
        _digits,
    ),
    "mnist": Source(
        "70,000 handwritten digits, 28 x 28, grey",
        Spec(kind="Labelled", shape=(1, 28, 28), classes=_DIGITS),
        _vision,
    ),
    "fashion-mnist": Source(
        "70,000 pieces of clothing, 28 x 28, grey",
        Spec(kind="Labelled", shape=(1, 28, 28), classes=_CLOTHES),
        _vision,
    ),
    "cifar10": Source(
        "60,000 photographs of 10 kinds, 32 x 32, colour",
        Spec(kind="Labelled", shape=(3, 32, 32), classes=_CIFAR),
        _vision,
    ),
    "stacked-mnist": Source(
        "three MNIST digits in three colours: 1,000 modes",
        Spec(kind="Images", shape=(3, 28, 28)),
        _stacked,
    ),
    "ring": Source("8 Gaussians on a circle; endless, law known", _PLANE, _toy("ring")),
    "grid": Source("25 Gaussians on a lattice; endless, law known", _PLANE, _toy("grid")),
    "parabola": Source("points on y = x^2; endless, law known", _PLANE, _toy("parabola")),
    "oracle": Source(
        "sentences of a random LSTM, made on the spot, law known",
        Spec(kind="Tokens", shape=(20,), vocabulary=5000),
        _oracle,
    ),
}


def spec_of(config: DataConfig) -> Spec:
    """Return what the data will look like, without reading any where its name tells.

    Raises:
        UserError: there is no such data.
    """
    if config.data not in SOURCES:
        data = load(config)
        assert data is not None
        return data.spec
    spec = SOURCES[config.data].spec
    if len(spec.shape) == 3:
        channels, height, width = spec.shape
        size = (config.size or height, config.size or width)
        return dataclasses.replace(spec, shape=(1 if config.grey else channels, *size))
    if spec.vocabulary:
        return dataclasses.replace(spec, vocabulary=config.vocabulary, shape=(config.length,))
    return spec


def names() -> list[str]:
    """Return the names of the data that need no path."""
    return list(SOURCES)


def load(config: DataConfig | str, split: str = "train") -> Dataset | Law | None:
    """Return the data of one split, `train` or `test`; None where nothing is held out.

    Raises:
        UserError: there is no such data; the message says what there is.
    """
    if isinstance(config, str):
        config = DataConfig(data=config)
    if config.data in SOURCES:
        data = SOURCES[config.data].make(config, split)
        if config.size and isinstance(data, Dataset) and len(data.spec.shape) == 3:
            from liangyi.data.resize import resized

            return resized(data, config.size)
        return data
    path = typed(config.data, "--data", "a name that `liangyi list` shows, or a folder of pictures")
    if not os.path.lexists(path):
        if any(mark in config.data for mark in "/\\.~"):
            raise UserError(f"there is no picture and no folder of pictures at {config.data}")
        raise unknown("data", config.data, [*SOURCES, "PATH/OF/PICTURES"])
    from liangyi.data.folder import folder

    return folder(path, split, size=config.size, grey=config.grey)
