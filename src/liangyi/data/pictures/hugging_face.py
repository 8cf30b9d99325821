"""A folder that Hugging Face's `datasets` saved: pictures in one column, classes in another.

    datasets.load_dataset("beans").save_to_disk("beans")
    liangyi train dcgan --data beans --size 64

The package is needed for reading it: pip install 'liangyi[hf]'.
"""

from __future__ import annotations

import importlib
import io
import math
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from liangyi.core import capacity
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data.columns import Columns
from liangyi.data.pictures.files import Look, decoded, looked, reason
from liangyi.data.pictures.findings import Findings, few
from liangyi.data.pictures.listing import sizes_of
from liangyi.data.pictures.settings import PictureSource
from liangyi.data.source import source

_MARKS = ({"dataset_dict.json"}, {"dataset_info.json", "state.json"})  # of several splits, of one
_HELD_OUT = ("test", "validation", "valid", "val")


class Read(NamedTuple):
    """One split."""

    spec: Spec
    columns: dict[str, Tensor]
    findings: Findings


@source("hugging face", "a folder saved by Hugging Face's datasets; needs liangyi[hf]")
class HuggingFace(PictureSource):
    """Pictures, and a class each where there is a column of them."""

    by_path = True

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether `save_to_disk` wrote this folder."""
        return any(all((path / name).is_file() for name in mark) for mark in _MARKS)

    def whole(self) -> Spec:
        """Return what a picture looks like, after looking at all of them."""
        return self._train().spec

    def items(self, split: str) -> Columns | None:
        """Return the pictures of a split, and their labels."""
        found = self._train() if split == "train" else self._split(split, self._train().spec)
        return None if found is None else found.columns

    def findings(self) -> list[str]:
        """Say what was found among the pictures."""
        return [*self._train().findings.lines(), *super().findings()]

    def _train(self) -> Read:
        found = self._split("train")
        if found is None:
            raise UserError(f"{self.path} has no split called train")
        return found

    def _split(self, split: str, train: Spec | None = None) -> Read | None:
        kept = self.__dict__.setdefault("_splits", {})
        if split not in kept:
            rows = _rows(self.path, split)
            kept[split] = None if rows is None else _read(self.path, rows, self.config, train)
        found: Read | None = kept[split]
        return found


def _rows(path: Any, split: str) -> Any:
    """Return the rows of a split, None where there is no such split."""
    try:
        package = importlib.import_module("datasets")
    except ImportError:
        raise UserError(
            f"{path} was saved by Hugging Face's datasets; to read it: pip install 'liangyi[hf]'"
        ) from None
    try:
        found = package.load_from_disk(str(path))
        if isinstance(found, dict):
            names = _HELD_OUT if split == "test" else (split,)
            found = next((found[name] for name in names if name in found), None)
        elif split != "train":
            return None
        image = None if found is None else _column(found, "Image")
        # as bytes: our own decoder serves them as it serves those of a folder
        return found if image is None else found.cast_column(image, package.Image(decode=False))
    except Exception as error:  # broken bytes lead the package's readers to any exception
        line = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path} cannot be read by Hugging Face's datasets ({line})") from None


def _column(rows: Any, kind: str) -> str | None:
    """Return the first column of a kind, by the name of its class there."""
    named = (name for name, feature in rows.features.items() if type(feature).__name__ == kind)
    return next(named, None)


def _read(path: Any, rows: Any, config: Any, train: Spec | None) -> Read:
    image = _column(rows, "Image")
    if image is None:
        raise UserError(f"{path} has no column of pictures; it has: {few(rows.features, 10)}")
    label = _column(rows, "ClassLabel")
    names = tuple(rows.features[label].names) if label else ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata, which we do not use
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        looks, broken = _looks(rows, image)
        if not looks:
            raise UserError(f"{path} has no picture that can be read")
        shape = _shape(path, list(looks.values()), config, train)
        pixels, labels = _pixels(rows, image, label, looks, broken, shape)
    if not labels:
        raise UserError(f"{path} has no picture that can be read")
    columns, spec = {"image": torch.from_numpy(pixels)}, Spec("image", image=Pixels(*shape))
    if label:
        if not all(isinstance(one, int) and 0 <= one < len(names) for one in labels):
            raise UserError(f"{path} has pictures without a {label}; remove them, or the column")
        columns["label"] = torch.tensor(labels, device="cpu")
        spec = spec.replace(label=Label(names))
    if train is not None and spec != train:
        raise UserError(f"{path}: its held-out pictures have other classes than the training ones")
    return Read(spec, columns, _findings(spec, looks, broken, labels))


def _findings(spec: Spec, looks: Any, broken: Any, labels: list[Any]) -> Findings:
    counts, sizes = Counter(labels), sizes_of(looks.values())
    return Findings(
        pictures=len(labels),
        channels=spec.shape[0],
        smallest=min(sizes, key=math.prod),
        largest=max(sizes, key=math.prod),
        sizes=len(sizes),
        classes={name: counts[number] for number, name in enumerate(spec.classes)},
        copies=(),
        unreadable=tuple((f"row {number}", why) for number, why in sorted(broken.items())),
        ignored=0,
    )


def _looks(rows: Any, image: str) -> tuple[dict[int, Look], dict[int, str]]:
    """Return the looks of the rows that have one, and why the others have none."""
    looks, broken = {}, {}
    for number, row in enumerate(rows.select_columns(image)):
        try:
            looks[number] = looked(io.BytesIO(_bytes(row[image])))
        except Exception as error:  # broken bytes lead Pillow's decoders to any exception
            broken[number] = reason(error)
    return looks, broken


def _bytes(cell: Any) -> bytes:
    data = (cell or {}).get("bytes")
    if not data:  # a path may lead anywhere, and is not followed
        raise ValueError("no picture in it")
    return bytes(data)


def _shape(path: Any, looks: list[Look], config: Any, train: Spec | None) -> tuple[int, int, int]:
    """Choose the form in which all pictures are served."""
    like = train["image"].shape if train else None
    grey = config.grey or all(look.grey for look in looks)
    channels = like[0] if like else 1 if grey else 3
    if config.size:
        return channels, config.size, config.size
    sizes = {*sizes_of(looks), *([(like[2], like[1])] if like else [])}
    if len(sizes) > 1:
        low, high = min(sizes, key=math.prod), max(sizes, key=math.prod)
        raise UserError(
            f"{path}: sizes vary from {low[0]}x{low[1]} to {high[0]}x{high[1]}; "
            "give a size, as 64, to crop and resize them all",
            setting="size",
        )
    ((width, height),) = sizes
    return channels, height, width


def _pixels(
    rows: Any, image: str, label: str | None, looks: Any, broken: Any, shape: tuple[int, int, int]
) -> tuple[Any, list[Any]]:
    """Return the pixels [N C H W] of the rows that can be read, and their labels."""
    what = f"{many(len(looks), 'picture')} of {shape[2]} x {shape[1]}"
    capacity.demand_memory(len(looks) * math.prod(shape), what, "give a smaller size")
    pixels = np.empty((len(looks), *shape), np.uint8)
    labels: list[Any] = []
    for number, row in enumerate(rows):
        if number not in looks:
            continue
        try:
            pixels[len(labels)] = decoded(_bytes(row[image]), shape).pixels
            labels.append(row[label] if label else None)
        except Exception as error:  # as above
            broken[number] = reason(error)
    return pixels[: len(labels)], labels
