"""Well-known sets of pictures, from where they lie or else from the net, by torchvision."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.core.spec import Spec
from liangyi.data.columns import Columns
from liangyi.data.pictures.resize import resized
from liangyi.data.pictures.settings import PictureConfig, PictureSource, labelled
from liangyi.data.places import root

_PATIENCE = 30.0  # seconds without a byte
_MOST = 2**30  # bytes a file


@dataclass(frozen=True, kw_only=True)
class KnownConfig(PictureConfig):
    """Where the set lies, and in which form it is served."""

    data_root: str | None = None  # where data sets lie or are downloaded; else LIANGYI_DATA


class Known(PictureSource):
    """A set that torchvision can read; under the root its files lie as torchvision lays them."""

    Config = KnownConfig
    stored: ClassVar[str]  # torchvision's name of it
    shape: ClassVar[tuple[int, int, int]]
    names: ClassVar[tuple[str, ...]]

    def whole(self) -> Spec:
        """Return what a picture looks like."""
        return labelled(self.config.pixels(*self.shape), self.names)

    def root(self) -> Path:
        """Return where data sets lie."""
        return root(self.config.data_root)

    def items(self, split: str) -> Columns | None:
        """Return the pictures and their labels, downloaded if they are not there.

        Raises:
            UserError: they are neither there nor can be fetched, or they are damaged.
        """
        found = _open(self.stored, self.registered, self.root(), split == "train")
        image = _grey(found.data) if self.config.grey else torch.as_tensor(found.data, device="cpu")
        # [N H W] of grey ones, [N H W C] of colour ones
        image = image[:, None] if image.ndim == 3 else image.permute(0, 3, 1, 2).contiguous()
        label = torch.as_tensor(found.targets, dtype=torch.int64, device="cpu")
        return {"image": resized(image, self.config.size), "label": label}


def _look(where: Path) -> None:
    """Make sure that what lies there can be read: a pipe would be waited for without end."""
    for path in [*where.glob("*"), *where.glob("raw/*")]:
        if path.exists() and not (path.is_dir() or path.is_file()):
            raise UserError(f"{path} is no file that can be read; without it, it is fetched anew")
        if path.is_file() and path.stat().st_size > _MOST:
            raise UserError(f"{path} has more than {_MOST:,} bytes; without it, it is fetched anew")


def _open(stored: str, name: str, place: Path, train: bool) -> Any:
    """Return torchvision's data set, with its `data` and `targets`."""
    from torchvision import datasets

    kind = getattr(datasets, stored)
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
    said = " ".join(str(error).split()) or type(error).__name__
    # a long one begins with what was tried and ends with why it failed
    return said if len(said) <= 160 else f"{said[:50]} ... {said[-100:]}"


def _fetch(kind: Any, name: str, place: Path) -> None:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)  # torchvision itself would wait for ever
    absent = [path for path in (place, *place.parents) if not path.exists()]
    try:
        kind(place, download=True)
    except (OSError, RuntimeError, HTTPException) as error:
        made = sorted(place.rglob("*"), reverse=True) if absent else []
        for folder in [*made, *absent]:  # a mistyped place shall not come into being
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise UserError(
            f"{name} is not in {place} and cannot be fetched ({_line(error)}); "
            "LIANGYI_DATA or data_root may point at a copy"
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
