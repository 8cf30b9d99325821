"""config.json: what a run is; enough to build its model again."""

from __future__ import annotations

import functools
import math
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import torch
from annotated_types import MinLen

from liangyi.core import files, schema
from liangyi.core.errors import UserError, shown
from liangyi.data.places import RUN
from liangyi.runs import older

CONFIG = RUN
FORMAT = 1


@dataclass(frozen=True)
class _Data:
    __pydantic_config__ = schema.STRICT

    data: Annotated[str, MinLen(1)]


@dataclass(frozen=True)
class _Code:
    __pydantic_config__ = schema.STRICT

    file: str
    sha256: str


@dataclass(frozen=True)
class _Origin:
    __pydantic_config__ = schema.STRICT

    run: str
    step: schema.Step
    classes: schema.Step
    sha256: str


@dataclass(frozen=True)
class _Manifest:
    __pydantic_config__ = schema.STRICT

    format: Literal[1]
    model: str
    config: dict[str, Any]
    data: _Data
    spec: dict[str, Any]
    training: dict[str, Any]
    fingerprint: str
    versions: dict[str, str]
    items: schema.Step = 0  # in the training data; 0: endless, or not told
    code: _Code | None = None
    origin: _Origin | None = None  # of the weights that it began with


def read(path: Path) -> dict[str, Any]:
    """Return what a config.json says.

    The settings of the model, the data and the training are checked by whoever knows their types.

    Raises:
        UserError: it cannot be read, is of another format, or was edited to nonsense.
    """
    plain = files.read_json(path)
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise UserError(f"{path} is not of format {FORMAT}")
    schema.fit(_adapter(), plain, str(path))
    for number in _numbers(plain):
        if not math.isfinite(number):
            raise UserError(f"{path}: {shown(number)} is no sensible number")
    return older.upgraded(plain)


@functools.cache
def _adapter() -> pydantic.TypeAdapter[_Manifest]:
    return pydantic.TypeAdapter(_Manifest)


def _numbers(plain: Any) -> Iterator[float]:
    """Yield the numbers in a JSON value."""
    if isinstance(plain, (int, float)):
        yield plain
    elif isinstance(plain, (list, dict)):
        for part in plain.values() if isinstance(plain, dict) else plain:
            yield from _numbers(part)


def versions() -> dict[str, str]:
    """Return the versions that decide whether two runs can agree bit for bit."""
    from importlib.metadata import version

    return {
        "liangyi": version("liangyi"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "threads": str(torch.get_num_threads()),
        "processes": os.environ.get("WORLD_SIZE", "1"),
    }
