"""Checkpoints: tensors in safetensors, everything else in JSON, each file's hash beside it.

    checkpoints/00001000/weights.safetensors   model/... and averaged/..., the standard layout
                         state.safetensors     optimizer/...
                         state.json            step, optimiser settings, hashes

Nothing is ever unpickled.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from annotated_types import Gt, Le
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from liangyi.core import files, schema
from liangyi.core.errors import UserError, shown

NAME = re.compile("[0-9]{8}|[1-9][0-9]{8,17}")  # as {step:08d} writes it
_FILES = ("weights.safetensors", "state.safetensors")


class Damaged(UserError):
    """A checkpoint is not what was written."""


@dataclass(frozen=True)
class Checkpoint:
    """What was read back from one checkpoint."""

    tensors: Mapping[str, Tensor]
    plain: Mapping[str, Any]


@dataclass(frozen=True)
class _Outer:
    __pydantic_config__ = schema.STRICT

    hash: str
    state: str  # JSON


@dataclass(frozen=True)
class _Optimizer:
    __pydantic_config__ = schema.STRICT

    numbers: dict[Annotated[str, pydantic.Field(pattern="^[0-9]{1,9}$")], dict[str, int | float]]


@dataclass(frozen=True)
class _Means:
    __pydantic_config__ = schema.STRICT

    steps: schema.Step = 0
    seconds: float = 0.0
    sums: dict[str, tuple[float, schema.Step]] = field(default_factory=dict)


@dataclass(frozen=True)
class Validated:
    """How good a checkpoint's model was on the items by which checkpoints are chosen."""

    __pydantic_config__ = schema.STRICT

    figure: str
    value: Annotated[float, pydantic.Field(allow_inf_nan=False)]
    better: Literal["lower", "higher"]

    @property
    def loss(self) -> float:
        """The value, turned so that lower is better."""
        return self.value if self.better == "lower" else -self.value


@dataclass(frozen=True)
class _Plain:
    __pydantic_config__ = schema.STRICT

    step: schema.Step
    slowed: Annotated[float, Gt(0), Le(1)] = 1.0
    optimizers: dict[str, _Optimizer] = field(default_factory=dict)
    means: _Means = field(default_factory=_Means)
    validation: Validated | None = None


@dataclass(frozen=True)
class _State:
    __pydantic_config__ = schema.STRICT

    plain: _Plain
    hashes: dict[str, str]


@functools.cache
def _adapter(kind: type[Any]) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(kind)


def save(folder: Path, tensors: Mapping[str, Tensor], plain: Mapping[str, Any], keep: int) -> Path:
    """Write a checkpoint for the step in `plain`; remove all but the newest `keep` and the best.

    Raises:
        UserError: it cannot be written, as on a full disk; those before it are still there.
    """
    path = folder / f"{plain['step']:08d}"
    try:
        folder.mkdir(exist_ok=True)  # without the run's own folder: it may be gone
        _write(path, tensors, plain)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error).rpartition("I/O error: ")[2]
        raise UserError(f"cannot write the checkpoint {path}: {reason}") from error
    every = steps(folder)
    if len(every) > keep:
        stay = {*every[:keep], best(folder)}
        for old in every[keep:]:
            if old not in stay:
                shutil.rmtree(folder / f"{old:08d}")
    return path


def _write(path: Path, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
    parts: dict[str, dict[str, Tensor]] = {name: {} for name in _FILES}
    stored: set[int] = set()
    for name, tensor in tensors.items():
        file = _FILES[name.startswith("optimizer/")]
        value = tensor.detach().contiguous()
        place = value.untyped_storage().data_ptr()
        # a file holds no two names of one memory: tied weights are written once for each name
        parts[file][name] = value.clone() if place in stored else value
        stored.add(place)
    with files.folder(path) as partial:
        for file, part in parts.items():
            save_file(part, partial / file)
        hashes = {file: _hash(partial / file) for file in _FILES}
        text = json.dumps({"plain": plain, "hashes": hashes})
        (partial / "state.json").write_text(json.dumps({"hash": _digest(text), "state": text}))


def steps(folder: Path) -> list[int]:
    """Return the steps of the checkpoints in a folder, newest first."""
    if not folder.is_dir():
        return []
    names = [path.name for path in folder.iterdir() if path.is_dir()]
    return sorted((int(name) for name in names if NAME.fullmatch(name)), reverse=True)


def best(folder: Path) -> int | None:
    """Return the step of the best checkpoint, None where none was looked at.

    It is a function of what lies in the folder alone: each checkpoint holds its own figure, so
    whoever is killed at any moment finds the same best as before, or the new one.
    """
    found: list[tuple[int, Validated]] = []
    for step in steps(folder):
        if own := validated(folder / f"{step:08d}"):
            found.append((step, own))
    # of another figure nobody can tell whether it was better; of equal ones the first counts
    alike = [(one.loss, step) for step, one in found if one.figure == found[0][1].figure]
    return min(alike)[1] if alike else None


def validated(path: Path) -> Validated | None:
    """Return how good one checkpoint was found to be, None where nobody looked."""
    try:
        plain = _read_state(path)["plain"].get("validation")
    except (OSError, UserError):  # damaged: it is told when somebody wants its weights
        return None
    return Validated(**plain) if plain else None


def load(path: Path, only_weights: bool = False) -> Checkpoint:
    """Read one checkpoint, every file compared with its hash.

    Raises:
        Damaged: a file is missing, cut short, altered, or of another kind (a pickle, say).
    """
    wanted = _FILES[:1] if only_weights else _FILES
    try:
        state = _read_state(path)
        tensors: dict[str, Tensor] = {}
        for file in wanted:
            tensors |= _read_tensors(path / file, state["hashes"].get(file, ""))
    except OSError as error:
        raise Damaged(f"cannot read {error.filename}: {error.strerror}") from None
    except Damaged:
        raise
    except UserError as error:
        raise Damaged(str(error)) from None
    plain = state["plain"]
    if plain["step"] != int(path.name):
        raise Damaged(f"{path}/state.json is damaged: it is of step {plain['step']}")
    if not only_weights and "optimizers" not in plain:
        raise Damaged(f"{path}/state.json lacks plain.optimizers")
    return Checkpoint(tensors, plain)


def _read_state(path: Path) -> dict[str, Any]:
    where = f"{path}/state.json"
    outer = files.read_json(path / "state.json")
    schema.fit(_adapter(_Outer), outer, where)
    if _digest(outer["state"]) != outer["hash"]:
        raise Damaged(f"{where} was altered")
    state: dict[str, Any] = files.parse_json(outer["state"], where)
    schema.fit(_adapter(_State), state, where)
    return state


def _read_tensors(path: Path, digest: str) -> dict[str, Tensor]:
    files.demand_file(path)
    if _pickled(path):
        raise Damaged(f"{path} is a pickle, which is never opened")
    if _hash(path) != digest:
        raise Damaged(f"{path} is not what was written")
    try:
        return load_file(path)
    except (SafetensorError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{path} is damaged: {shown(error)}") from None


def _pickled(path: Path) -> bool:
    with path.open("rb") as stream:
        start = stream.read(9)
    # safetensors: eight bytes of length, then JSON. torch.save writes a zip; a bare pickle starts
    # with its protocol, 0x80, as a length may
    return start[8:] != b"{" and (start[:2] == b"PK" or start[:1] == b"\x80")


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
