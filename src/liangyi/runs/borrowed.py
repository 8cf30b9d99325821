"""Frozen weights of other networks: kept once beside a run, which needs their original no more.

    borrowed/NAME/about.json            which network, and how it is built
                  weights.safetensors   its weights

A model that looks through a trained network asks `runs.classifiers` for it; inside
`borrowing(run)` it comes from the run's own folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from liangyi.core import files
from liangyi.core.borrowed import Borrowed
from liangyi.core.errors import UserError
from liangyi.core.model import Model

_FOLDER = "borrowed"
_shelf: ContextVar[Path | None] = ContextVar("shelf", default=None)


@contextmanager
def borrowing(run: Path) -> Iterator[None]:
    """Let networks come from a run's own folder."""
    token = _shelf.set(run / _FOLDER)
    try:
        yield
    finally:
        _shelf.reset(token)


def kept(reference: str) -> tuple[dict[str, Any], Path] | None:
    """Return how a network is built and where its weights are, if the run at hand has it.

    Raises:
        UserError: what is there is damaged.
    """
    shelf = _shelf.get()
    place = None if shelf is None else shelf / _name(reference)
    if place is None or not (place / "about.json").is_file():
        return None
    about = files.read_json(place / "about.json")
    if not isinstance(about, dict):
        raise UserError(f"{place}/about.json is damaged")
    return about, place / "weights.safetensors"


def kept_beside(run: Path, model: Model) -> None:
    """Write what a model has borrowed into a run's folder."""
    for part in model.modules():
        lent = getattr(part, "borrowed_network", None)
        if isinstance(lent, Borrowed):
            keep(run, lent)


def keep(run: Path, lent: Borrowed) -> None:
    """Write a network into a run's folder."""
    (run / _FOLDER).mkdir(parents=True, exist_ok=True)
    with files.folder(run / _FOLDER / _name(lent.reference)) as place:
        state = {name: t.contiguous().clone() for name, t in lent.network.state_dict().items()}
        save_file(state, place / "weights.safetensors")
        (place / "about.json").write_text(json.dumps(lent.about, indent=2))


def weights(network: nn.Module, file: Path) -> nn.Module:
    """Load weights that were kept.

    Raises:
        UserError: they do not fit.
    """
    try:
        network.load_state_dict(load_file(file))
    except Exception as error:  # a damaged file fails in many ways; none runs code
        reason = " ".join(str(error).split())[:100]
        raise UserError(f"{file} does not hold the borrowed weights: {reason}") from None
    return network


def _name(reference: str) -> str:
    return hashlib.sha256(reference.encode()).hexdigest()[:16]
