"""Players: the parts of a model that move, each with its weights and an optimiser of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from liangyi.core.model import Model, Part, Player

Slots = dict[int, dict[str, Any]]  # an optimiser's state: what it keeps of each weight


class Players:
    """The players of one model, known by their paths in it; they are made when they first move."""

    def __init__(self, model: Model) -> None:
        self.optimizers: dict[str, Optimizer] = {}
        self._model = model
        self._names: dict[tuple[int, ...], str] = {}
        self._weights: dict[str, list[nn.Parameter]] = {}
        self._waiting: dict[str, Slots] = {}  # states of optimisers that are not made yet

    def name(self, player: Player) -> str:
        """Return the player's attribute path in the model; the model itself is `model`.

        A player of several parts is called by all of their paths, joined by `+`.
        """
        parts = player if isinstance(player, tuple) else (player,)
        key = tuple(map(id, parts))
        if key not in self._names:
            name = "+".join(self._path(part) for part in parts)
            self._names[key] = name
            self._weights[name] = list(dict.fromkeys(w for part in parts for w in _moving(part)))
        return self._names[key]

    def _path(self, part: Part) -> str:
        for path, own in self._parts().items():
            if own is part:
                return path or "model"
        raise ValueError(f"{type(part).__name__} is not a part of {self._model.name()}")

    def of(self, name: str) -> Player:
        """Return the player of a name.

        Raises:
            KeyError: there is none.
        """
        parts = self._parts()
        found = tuple(parts["" if path == "model" else path] for path in name.split("+"))
        return found if len(found) > 1 else found[0]

    def _parts(self) -> dict[str, Part]:
        return {**dict(self._model.named_modules()), **dict(self._model.named_parameters())}

    def weights(self, name: str) -> list[nn.Parameter]:
        """Return the weights that a player moves."""
        return self._weights[name]

    def optimizer(self, name: str, step: int, slowed: float) -> Optimizer:
        """Return a player's optimiser, its learning rate as the model wants it at this step.

        Its settings are the model's, also after resuming: a checkpoint holds its state alone.
        """
        if name not in self.optimizers:
            made = self.optimizers[name] = self._model.optimizer(name, self._weights[name])
            if name in self._waiting:
                groups = made.state_dict()["param_groups"]
                made.load_state_dict({"state": self._waiting.pop(name), "param_groups": groups})
        factor = self._model.schedule(name, step)
        for group in self.optimizers[name].param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor * slowed
        return self.optimizers[name]

    def wake(self, step: int, slowed: float) -> None:
        """Make the optimisers of all players that moved before the checkpoint."""
        for name in list(self._waiting):
            self.name(self.of(name))
            self.optimizer(name, step, slowed)

    def slots(self) -> list[Tensor]:
        """Return all tensors of the optimisers' states."""
        return [
            slot
            for optimizer in self.optimizers.values()
            for slots in optimizer.state.values()
            for slot in slots.values()
            if isinstance(slot, Tensor)
        ]

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the optimisers' states: tensors, and plain JSON."""
        states = {name: own.state_dict()["state"] for name, own in self.optimizers.items()}
        tensors: dict[str, Tensor] = {}
        plain: dict[str, Any] = {}
        for name, slots in (states | self._waiting).items():
            numbers: dict[str, dict[str, Any]] = {}
            for index, own in slots.items():
                for slot, value in own.items():
                    if isinstance(value, Tensor):
                        tensors[f"optimizer/{name}/{index}/{slot}"] = value
                    else:
                        numbers.setdefault(str(index), {})[slot] = value
            plain[name] = {"numbers": numbers}
        return tensors, plain

    def restore(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.optimizers.clear()
        self._waiting.clear()
        for name, saved in plain.items():
            slots: Slots = {int(index): dict(own) for index, own in saved["numbers"].items()}
            for key, value in tensors.items():
                if key.startswith(f"optimizer/{name}/"):
                    index, slot = key.removeprefix(f"optimizer/{name}/").split("/")
                    # a copy: what comes from one file may share one memory
                    slots.setdefault(int(index), {})[slot] = value.clone()
            self._waiting[name] = slots


def _moving(part: Part) -> list[nn.Parameter]:
    weights = [part] if isinstance(part, nn.Parameter) else list(part.parameters())
    return [weight for weight in weights if weight.requires_grad]
