"""Whether the tensors of a checkpoint are those of a model: asked before any is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from liangyi.core.errors import shown
from liangyi.core.model import Model
from liangyi.runs.checkpoint import Checkpoint, Damaged
from liangyi.training.players import Players
from liangyi.training.weights import kept_state


def demand_weights(model: Model, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """Make sure that the tensors under a prefix are a model's weights and buffers.

    Raises:
        Damaged: one is missing, too many, of another shape or type, or not finite.
    """
    start = f"{prefix}/"
    found = {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
    # before they were kept beside the run, borrowed weights were in its checkpoints
    found = {name: value for name, value in found.items() if not model.borrows(name)}
    wanted = kept_state(model)
    if wrong := _difference(found, wanted):
        raise Damaged(f"the checkpoint does not fit the model in config.json: {prefix}/{wrong}")
    for name, value in found.items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise Damaged(f"{start}{name} is not finite")


def demand_optimizers(model: Model, found: Checkpoint) -> None:
    """Make sure that the optimisers' states are what a model's own optimisers keep.

    Raises:
        Damaged: a player is unknown, or what is kept of a weight is missing or something else.
    """
    players, known = found.plain["optimizers"], Players(model)
    for key in found.tensors:
        head, _, rest = key.partition("/")
        if head == "optimizer" and rest.split("/")[0] not in players:
            raise Damaged(f"{shown(key)} belongs to no player")
    for name, saved in players.items():
        try:
            weights = known.weights(known.name(known.of(name)))
        except KeyError:
            raise Damaged(f"there is no player {shown(name)!r} in a {model.name()}") from None
        wanted = _slots(model, name, weights)
        for index, slots in _saved(found, name, saved["numbers"]).items():
            kept = wanted.get(index)
            if kept is None or (wrong := _difference(slots, kept)):
                wrong = "no such weight" if kept is None else wrong
                raise Damaged(
                    f"the state of the optimizer of {name}, weight {shown(index)}: {wrong}"
                )


def _saved(found: Checkpoint, name: str, numbers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a checkpoint keeps of each of a player's weights."""
    slots: dict[str, dict[str, Any]] = {index: dict(own) for index, own in numbers.items()}
    start = f"optimizer/{name}/"
    for key, value in found.tensors.items():
        if key.startswith(start):
            index, _, slot = key.removeprefix(start).partition("/")
            slots.setdefault(index, {})[slot] = value
    return slots


def _slots(model: Model, name: str, weights: list[nn.Parameter]) -> dict[str, dict[str, Any]]:
    """Return what a player's optimiser keeps of each weight, from a step of a copy."""
    copies = [nn.Parameter(torch.zeros_like(weight)) for weight in weights]
    for copy in copies:
        copy.grad = torch.zeros_like(copy)
    optimizer = model.optimizer(name, copies)
    optimizer.step()
    state = optimizer.state_dict()["state"]
    # of what keeps nothing, as plain descent, each weight still has a place
    return {str(index): dict(state.get(index, {})) for index in range(len(copies))}


def _difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Return the first name whose value is not of the form that is wanted, nothing if none."""
    for name, value in wanted.items():
        if name not in found:
            return f"{name} is missing"
        if _form(found[name]) != _form(value):
            return f"{name} is {_form(found[name])} instead of {_form(value)}"
    more = [name for name in found if name not in wanted]
    return f"{shown(more[0])} is unknown" if more else ""


def _form(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
    return type(value).__name__
