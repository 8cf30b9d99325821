"""Fine-tuning: a run that begins with the weights of another one, and keeps them.

    origin/weights.safetensors   the weights that it began with

config.json says whose they were (the run's name, never its path), of which step, and their hash:
the run can be made again when the other one is gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from liangyi.core import files
from liangyi.core.errors import UserError, shown
from liangyi.core.model import Model
from liangyi.nets.adversary import bare
from liangyi.training.weights import kept_state

_FOLDER, _WEIGHTS = "origin", "weights.safetensors"


@dataclass(frozen=True)
class Origin:
    """Weights to begin with.

    Attributes:
        run: name of the run that they are from.
        step: at which they were taken.
        tensors: the weights and buffers of its model, by their paths.
        classes: that its data had.
    """

    run: str
    step: int
    tensors: Mapping[str, Tensor]
    classes: int = 0

    @classmethod
    def of(cls, name: str, model: Model, step: int) -> Origin:
        """Return the weights of a trained model."""
        state = {path: value.contiguous().clone() for path, value in kept_state(model).items()}
        return cls(name, step, state, len(model.spec.classes))

    def into(self, model: Model) -> tuple[str, ...]:
        """Give a model these weights, and return the parts that begin anew (`Model.anew`).

        What is around an adversary's network (packs, augmentation) makes no difference to the names
        of its weights; an augmentation's own state begins anew where there was none.

        Raises:
            UserError: they do not fit; the part is named.
        """
        known = {bare(path): value for path, value in self.tensors.items()}
        own = kept_state(model)
        fresh = self._fresh(model, own)
        new = tuple(f"{part}." for part in fresh)
        found = {path: known.get(bare(path)) for path in own if not path.startswith(new)}
        for path, value in found.items():
            if value is None and ".augment." not in path:
                raise UserError(f"{self.run} has no {shown(path)}, which this model has")
            if value is not None and value.shape != own[path].shape:
                raise UserError(self._unlike(path, value, own[path], len(model.spec.classes)))
        left = [path for path in known if path not in {bare(name) for name in own}]
        left = [path for path in left if ".augment." not in path]
        if left:
            raise UserError(f"{self.run} has {shown(left[0])}, which this model has not")
        with torch.no_grad():
            for path, value in found.items():
                if value is not None:
                    own[path].copy_(value)
        return fresh

    def _fresh(self, model: Model, own: Mapping[str, Tensor]) -> tuple[str, ...]:
        """Return which of the parts that may begin anew do."""
        other = self.classes != len(model.spec.classes)

        def fits(path: str) -> bool:
            there = self.tensors.get(path)
            return there is not None and (not other or there.shape == own[path].shape)

        return tuple(
            part
            for part in model.anew
            if not all(fits(path) for path in own if path.startswith(f"{part}."))
        )

    def _unlike(self, path: str, there: Tensor, here: Tensor, classes: int) -> str:
        if self.classes != classes:
            return (
                f"{self.run} was trained on data with {self.classes} classes, this has {classes}: "
                f"{path} cannot be taken over; give data with as many classes"
            )
        return (
            f"{path} is {list(there.shape)} in {self.run} and {list(here.shape)} here; "
            "leave out the settings that make it so (width, latent, size, pack ...)"
        )

    def keep(self, run: Path) -> dict[str, Any]:
        """Write the weights into a run's folder and return what config.json says of them."""
        content = save(dict(self.tensors))
        (run / _FOLDER).mkdir(parents=True, exist_ok=True)
        files.write(run / _FOLDER / _WEIGHTS, content)
        digest = hashlib.sha256(content).hexdigest()
        return {"run": self.run, "step": self.step, "classes": self.classes, "sha256": digest}


def kept(run: Path, plain: Mapping[str, Any]) -> Origin:
    """Return the weights that a run began with.

    Args:
        run: its folder.
        plain: what its config.json says of them.

    Raises:
        UserError: they are gone, or are not what was written.
    """
    place = run / _FOLDER / _WEIGHTS
    try:
        content = files.read(place)
    except OSError as error:
        raise UserError(f"cannot read {place}: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != plain["sha256"]:
        raise UserError(f"{place} is not what was written; the run cannot begin")
    try:
        tensors = load(content)
    except (SafetensorError, ValueError) as error:
        raise UserError(f"{place} is damaged: {shown(error)}") from None
    return Origin(plain["run"], plain["step"], tensors, plain["classes"])
