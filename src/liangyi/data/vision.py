"""MNIST, Fashion-MNIST and CIFAR-10, from where they lie or else from the net, by torchvision.

MNIST: LeCun et al., "Gradient-based learning applied to document recognition", 1998.
Fashion-MNIST: Xiao, Rasul and Vollgraf, arXiv:1708.07747. CIFAR-10: Krizhevsky, 2009.
"""

from __future__ import annotations

import os
import socket
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import torch
from PIL import Image
from torch import Tensor

from liangyi.core.batch import Spec
from liangyi.core.errors import UserError
from liangyi.data.dataset import Dataset
from liangyi.data.folder import folder
from liangyi.data.places import typed

_KINDS = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST", "cifar10": "CIFAR10"}
_PATIENCE = 30.0  # seconds without a byte
_MOST = 2**30  # bytes a file


def vision(
    name: str, split: str, root: str | None, *, size: int | None = None, grey: bool = False
) -> Dataset:
    """Return one split of a well-known data set, downloaded if it is not there.

    Under the root the files lie as torchvision lays them (`MNIST/raw/...`). CIFAR-10 may also be
    a folder of pictures, `cifar10/{train,test}/CLASS/*.png`.

    Args:
        name: `mnist`, `fashion-mnist` or `cifar10`.
        split: `train` or `test`.
        root: where data sets lie; else LIANGYI_DATA, else the user's data folder.
        size: for a folder of pictures, as `folder` takes it; arrays keep their size.
        grey: turn colour to ITU-R 601 luma.

    Raises:
        UserError: it is neither there nor can be fetched, or it is damaged.
    """
    place = _root(root)
    if name == "cifar10" and (place / name / "train").is_dir():
        found = folder(place / name, split, size=size, grey=grey)
        if found is None:
            raise UserError(f"{place / name} has no folder {split}/ beside train/")
        return found
    source = _open(name, place, split == "train")
    image = _grey(source.data) if grey else torch.as_tensor(source.data, device="cpu")
    # [N H W] of grey ones, [N H W C] of colour ones
    image = image[:, None] if image.ndim == 3 else image.permute(0, 3, 1, 2).contiguous()
    classes = tuple(label.partition(" - ")[0] for label in source.classes)  # "7 - seven" is "7"
    # no fingerprint given: what lies there may be anybody's, and its hash takes but 0.1 s
    return Dataset(
        Spec(kind="Labelled", shape=tuple(image.shape[1:]), classes=classes),
        {"image": image, "label": torch.as_tensor(source.targets, dtype=torch.int64, device="cpu")},
    )


def _root(root: str | None) -> Path:
    flag, named = "--data-root", root
    if named is None:
        flag, named = "LIANGYI_DATA", os.environ.get("LIANGYI_DATA")
        if not named:
            return platformdirs.user_data_path("liangyi")
    place = typed(named, flag, "the folder where data sets lie")
    if place.exists() and not place.is_dir():
        raise UserError(f"{flag} {place} is no folder; give the one where data sets lie")
    return place


def _look(where: Path) -> None:
    """Make sure that what lies there can be read: a pipe would be waited for without end."""
    for path in [*where.glob("*"), *where.glob("raw/*")]:
        if path.exists() and not (path.is_dir() or path.is_file()):
            raise UserError(f"{path} is no file that can be read; without it, it is fetched anew")
        if path.is_file() and path.stat().st_size > _MOST:
            raise UserError(f"{path} has more than {_MOST:,} bytes; without it, it is fetched anew")


def _open(name: str, place: Path, train: bool) -> Any:
    """Return torchvision's data set, with its `data`, `targets` and `classes`."""
    from torchvision import datasets

    kind = getattr(datasets, _KINDS[name])
    where = place / getattr(kind, "base_folder", kind.__name__)
    try:
        _look(where)
        try:
            return kind(place, train=train)
        except RuntimeError as error:
            if "not found" not in str(error):
                raise
        _fetch(kind, name, place)
        return kind(place, train=train)
    except UserError:
        raise
    except Exception as error:  # broken bytes lead torchvision's readers to any exception
        raise UserError(
            f"{name} in {where} cannot be read ({_line(error)}); without it, it is fetched anew"
        ) from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _fetch(kind: Any, name: str, place: Path) -> None:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)  # torchvision itself would wait for ever
    try:
        kind(place, download=True)
    except (OSError, RuntimeError, HTTPException) as error:
        raise UserError(
            f"{name} is not in {place} and cannot be fetched ({_line(error)}); "
            "LIANGYI_DATA or --data-root may point at a copy"
        ) from None
    finally:
        socket.setdefaulttimeout(before)


def _grey(image: Any) -> Tensor:
    """Return pictures [N H W C] as luma [N H W]; grey ones as they are."""
    image = np.asarray(image)
    if image.ndim == 4:  # one picture, very tall: Pillow converts it at once
        tall = Image.fromarray(image.reshape(-1, *image.shape[2:])).convert("L")
        image = np.asarray(tall).reshape(image.shape[:3])
    return torch.tensor(image, device="cpu")
