"""Checkpoints: tensors in safetensors, everything else in JSON, each file's hash beside it.

    checkpoints/00001000/weights.safetensors   model/... and averaged/..., the standard layout
                         state.safetensors     optimizer/...
                         state.json            step, optimiser settings, hashes

Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from liangyi.core import files
from liangyi.core.errors import UserError

_FILES = ("weights.safetensors", "state.safetensors")


class Damaged(UserError):
    """A checkpoint is not what was written."""


@dataclass(frozen=True)
class Checkpoint:
    """What was read back from one checkpoint."""

    tensors: Mapping[str, Tensor]
    plain: Mapping[str, Any]


def save(folder: Path, tensors: Mapping[str, Tensor], plain: Mapping[str, Any], keep: int) -> Path:
    """Write a checkpoint for the step in `plain` and remove all but the newest `keep`.

    Raises:
        UserError: it cannot be written, as on a full disk; those before it are still there.
    """
    path = folder / f"{plain['step']:08d}"
    try:
        _write(path, tensors, plain)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error).rpartition("I/O error: ")[2]
        raise UserError(f"cannot write the checkpoint {path}: {reason}") from error
    for old in steps(folder)[keep:]:
        shutil.rmtree(folder / f"{old:08d}")
    return path


def _write(path: Path, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
    parts: dict[str, dict[str, Tensor]] = {name: {} for name in _FILES}
    for name, tensor in tensors.items():
        file = _FILES[name.startswith("optimizer/")]
        parts[file][name] = tensor.detach().contiguous()
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
    return sorted((int(name) for name in names if name.isdigit()), reverse=True)


def load(path: Path, only_weights: bool = False) -> Checkpoint:
    """Read one checkpoint, every file compared with its hash.

    Raises:
        Damaged: a file is missing, cut short, altered, or of another kind (a pickle, say).
    """
    wanted = _FILES[:1] if only_weights else _FILES
    try:
        outer = json.loads((path / "state.json").read_text(encoding="utf-8"))
        if _digest(outer["state"]) != outer["hash"]:
            raise Damaged(f"{path}/state.json was altered")
        state = json.loads(outer["state"])
        tensors: dict[str, Tensor] = {}
        for file in wanted:
            if _pickled(path / file):
                raise Damaged(f"{path / file} is a pickle, which is never opened")
            if _hash(path / file) != state["hashes"][file]:
                raise Damaged(f"{path / file} is not what was written")
            tensors |= load_file(path / file)
    except OSError as error:
        raise Damaged(f"cannot read {error.filename}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        if isinstance(error, Damaged):
            raise
        raise Damaged(f"{path} is damaged: {error!r}") from None
    return Checkpoint(tensors, state["plain"])


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
