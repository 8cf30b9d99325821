"""Trainer: applies updates, counts steps, reports. It knows no model and touches no disk."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from liangyi.core import compiled, draw, memory, processes
from liangyi.core.batch import Spec
from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Player, Turn, Update


class Stream(Protocol):
    """Endless batches; batch k is a function of (seed, k) alone."""

    spec: Spec
    items: int  # 0: endless

    def batch(self, number: int) -> Any:
        """Return batch `number`, on the device that the trainer asked for."""


@dataclass(frozen=True)
class Report:
    """What happened in one step."""

    step: int  # steps made so far, this one included
    metrics: Mapping[str, Tensor]  # scalars; they cost nothing until somebody reads them

    def read(self) -> dict[str, float]:
        """Return the metrics as numbers."""
        return {name: float(value) for name, value in self.metrics.items()}


class TrainingFailed(UserError):
    """A loss or a weight is no longer a finite number."""


def choose_device(name: str) -> torch.device:
    """Return the device of this name; `auto` is the best that is there."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if name.partition(":")[0] not in ("cpu", "cuda", "mps", "xpu"):
        raise UserError(f"no device {name!r}; there are cpu, cuda, cuda:1 ..., mps, xpu and auto")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise UserError(f"no device {name!r} here ({reason}); try --device auto") from None
    return device


def choose_precision(name: str, model: nn.Module, device: torch.device) -> torch.dtype:
    """Return the type of the matrix products; `auto` is bfloat16 where that is fast.

    Fast means: hardware for it, and convolutions over pictures to use it on. Weights, optimiser
    state, losses and batch statistics are float32 in any case.
    """
    if name != "auto":
        return torch.bfloat16 if name == "bfloat16" else torch.float32
    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    else:  # matrix units, or at least vectors of twice as many numbers
        cpu = device.type == "cpu"
        fast = cpu and (torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
    convolutions = (nn.Conv2d, nn.ConvTranspose2d)
    convolves = any(isinstance(module, convolutions) for module in model.modules())
    return torch.bfloat16 if convolves and fast else torch.float32


class Trainer:
    """Train a model on a stream of batches: `for report in trainer.run(): ...`.

    Step k is a function of the weights, the optimisers' states and (seed, k), so that is all a
    checkpoint holds.
    """

    def __init__(self, model: Model, stream: Stream, training: Training | None = None) -> None:
        self.training = training or model.recipe
        self.device = choose_device(self.training.device)
        if processes.launched():
            self.device = processes.join(self.device)
        if self.device.type == "cpu":
            memory.keep()
        self.model = model.to(self.device).train()
        self.stream = stream
        self.step = 0
        self.slowed = 1.0  # factor of all learning rates, lowered when a training is rewound
        self.total = self.training.total(stream.items)
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        self._weights: dict[str, list[nn.Parameter]] = {}
        self._names: dict[int, str] = {}
        self._waiting: dict[str, Any] = {}  # optimiser states of players that have not moved yet
        self._losses: list[tuple[int, str, Tensor]] = []  # not yet known to be finite
        processes.agree([*model.parameters(), *model.buffers()])
        self.averaged: Model = copy.deepcopy(model).eval() if self.training.average else model
        self._pairs = list(zip(_floats(self.averaged), _floats(model), strict=True))
        dtype = choose_precision(self.training.precision, model, self.device)
        self.precision = str(dtype).removeprefix("torch.")
        self._bfloat16 = dtype is torch.bfloat16
        self._whole: compiled.Step | None = None  # made when it is first wanted
        self._compiles = self._shall_compile()

    def run(self, steps: int | None = None) -> Iterator[Report]:
        """Make so many steps, or those that are left, and report after each.

        Raises:
            TrainingFailed: a loss is not a finite number; the player and the step are named.
        """
        last = self.total if steps is None else self.step + steps
        while self.step < last:
            yield self.advance()

    def advance(self) -> Report:
        """Make one step: run the model's algorithm once on the next batch."""
        # the first step makes the optimisers' states; an examined one measures in between
        whole = self._compiles and self.step > 0 and not self._examined()
        step = self._compiled() if whole else self._turns
        with draw.step(self.training.seed, self.step, self.device):
            metrics = step(self.stream.batch(self.step), self.step, self._hear)
        self.step += 1
        self._average()
        return Report(self.step, metrics)

    def _hear(self, player: str, loss: Tensor) -> None:
        """Make sure that a player's loss is finite, at once or soon."""
        if self.device.type == "cpu":  # asking costs nothing, so nobody moves by no number
            _demand_finite(self.step, player, loss.item())
            return
        self._losses.append((self.step, player, loss))
        if len(self._losses) >= 200:  # asking waits for the device, so many at a time
            self.check()

    def _turns(self, batch: Any, step: Any, hear: compiled.Hear) -> dict[str, Tensor]:
        """Run the model's algorithm once and return its metrics; losses are told as they come."""
        metrics: dict[str, Tensor] = {}
        parts = _cut(batch, self.training.accumulate)
        algorithms = [self.model.updates(part, step) for part in parts]
        while turns := [turn for algorithm in algorithms if (turn := self._next(algorithm))]:
            for update in [update for updates in turns for update in updates]:
                hear(self.name_of(update.player), update.loss.detach())
            self._apply(turns, metrics)
        return metrics

    def _shall_compile(self) -> bool:
        """Whether steps are compiled; decided by the settings alone, so that resuming is exact.

        Raises:
            UserError: that is wished for, and cannot be.
        """
        reason = ""
        if processes.world() > 1:
            reason = "several processes exchange gradients in the middle of a step"
        elif self.model.stages != (0,) or type(self.model).schedule is not Model.schedule:
            reason = f"{self.model.name()} does not do the same in every step"
        if self.training.compile == "on" and reason:
            raise UserError(f"no compiled steps: {reason}; leave out --compile on")
        if self.training.compile == "auto" and not reason:
            return compiled.pays(self.model, self.device, self.total)
        return self.training.compile == "on"

    def _compiled(self) -> compiled.Turns:
        """Return the compiled step, or the eager one where that is impossible."""
        if self._whole is None:
            for name in list(self._waiting):
                self.name_of(_part(self.model, name))
                self._scheduled(name)
            try:
                self._whole = compiled.Step(
                    self._turns,
                    self.stream.batch(self.step),
                    self._state,
                    partial(draw.step, self.training.seed, self.step, self.device),
                )
            except compiled.NotCompilable as error:
                if self.training.compile == "on":
                    raise UserError(f"no compiled steps: {error}; leave out --compile on") from None
                self._compiles = False
                return self._turns
        return self._whole

    def _state(self) -> list[Tensor]:
        """Return all tensors that a step moves."""
        slots = [
            slot
            for optimizer in self.optimizers.values()
            for slots in optimizer.state.values()
            for slot in slots.values()
            if isinstance(slot, Tensor)
        ]
        return [*self.model.parameters(), *self.model.buffers(), *slots]

    def _autocast(self) -> AbstractContextManager[Any]:
        # entered anew around each next(): suspended inside, it would leak into the caller
        if not self._bfloat16:
            return nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def _next(self, algorithm: Iterator[Turn]) -> tuple[Update, ...] | None:
        with self._autocast():
            turn = next(algorithm, None)
        return (turn,) if isinstance(turn, Update) else turn

    def _apply(self, turns: list[tuple[Update, ...]], metrics: dict[str, Tensor]) -> None:
        """Apply one turn: gradients of the batch's parts add up, then the players move."""
        names = [self.name_of(update.player) for update in turns[0]]
        for updates in turns:
            for position, (name, update) in enumerate(zip(names, updates, strict=True)):
                loss = update.loss if len(turns) == 1 else update.loss / len(turns)
                # updates applied at once may share a graph, which the last one may free
                loss.backward(inputs=self._weights[name], retain_graph=position < len(updates) - 1)
                for key, value in update.metrics.items():
                    value = value if len(turns) == 1 else value / len(turns)
                    metrics[key] = metrics[key] + value if updates is not turns[0] else value
        for name in names:
            moved = [weight for weight in self._weights[name] if weight.grad is not None]
            gradients = [weight.grad for weight in moved if weight.grad is not None]
            processes.average(gradients)
            optimizer = self._scheduled(name)
            if self._examined():
                before = [weight.detach().clone() for weight in moved]
                metrics[f"signal/{name}_gradient"] = nn.utils.get_total_norm(gradients)
                optimizer.step()
                metrics[f"signal/{name}_update"] = _relative_change(before, moved)
            else:
                optimizer.step()
            for weight in moved:
                weight.grad = None

    def _examined(self) -> bool:
        """Whether this step's gradients and moves are measured for the doctor."""
        pace = self.training.examine_every
        return pace > 0 and ((self.step + 1) % pace == 0 or self.step + 1 == self.total)

    def name_of(self, player: Player) -> str:
        """Return the player's attribute path in the model; the model itself is `model`."""
        name = self._names.get(id(player))
        if name is None:
            owned = [*self.model.named_modules(), *self.model.named_parameters()]
            found = [path for path, own in owned if own is player]
            if not found:
                raise ValueError(f"{type(player).__name__} is not a part of {self.model.name()}")
            name = self._names[id(player)] = found[0] or "model"
            weights = [player] if isinstance(player, nn.Parameter) else list(player.parameters())
            self._weights[name] = [weight for weight in weights if weight.requires_grad]
        return name

    def _scheduled(self, name: str) -> torch.optim.Optimizer:
        """Return a player's optimiser, its learning rate as the model wants it at this step."""
        if name not in self.optimizers:
            self.optimizers[name] = self.model.optimizer(name, self._weights[name])
            if name in self._waiting:
                self.optimizers[name].load_state_dict(self._waiting.pop(name))
        factor = self.model.schedule(name, self.step)
        for group in self.optimizers[name].param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor * self.slowed
        return self.optimizers[name]

    def check(self) -> None:
        """Make sure that all losses so far were finite.

        Raises:
            TrainingFailed: one was not.
        """
        asked, self._losses = self._losses, []
        if asked:
            values = torch.stack([loss.float() for _, _, loss in asked]).tolist()
            for (step, name, _), value in zip(asked, values, strict=True):
                _demand_finite(step, name, value)

    def check_weights(self) -> None:
        """Make sure that all weights are finite.

        Raises:
            TrainingFailed: one is not.
        """
        self.check()
        for name, tensor in self.model.state_dict().items():
            if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
                raise TrainingFailed(f"{name} is no longer finite at step {self.step}")

    @torch.no_grad()
    def _average(self) -> None:
        if self.averaged is self.model:
            return
        # early on the average must forget the random start
        decay = min(self.training.average, (1 + self.step) / (10 + self.step))
        averaged, raw = [a for a, _ in self._pairs], [r for _, r in self._pairs]
        torch._foreach_lerp_(averaged, raw, 1 - decay)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return everything that a checkpoint must hold: tensors, and plain JSON."""
        tensors = {f"model/{name}": value for name, value in self.model.state_dict().items()}
        if self.averaged is not self.model:
            averaged = self.averaged.state_dict()
            tensors |= {f"averaged/{name}": value for name, value in averaged.items()}
        plain: dict[str, Any] = {"step": self.step, "slowed": self.slowed, "optimizers": {}}
        states = {name: own.state_dict() for name, own in self.optimizers.items()} | self._waiting
        for name, state in states.items():
            numbers: dict[str, dict[str, Any]] = {}
            for index, slots in state["state"].items():
                for slot, value in slots.items():
                    if isinstance(value, Tensor):
                        tensors[f"optimizer/{name}/{index}/{slot}"] = value
                    else:
                        numbers.setdefault(str(index), {})[slot] = value
            plain["optimizers"][name] = {"groups": state["param_groups"], "numbers": numbers}
        return tensors, plain

    def restore(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Go on from a state, bit for bit on a CPU with the same number of threads."""
        load_weights(self.model, tensors, "model")
        if self.averaged is not self.model:
            load_weights(self.averaged, tensors, "averaged")
        self.step, self.slowed = plain["step"], plain.get("slowed", 1.0)
        self.optimizers.clear()
        self._losses.clear()
        self._whole = None  # it holds the optimisers' states of before
        for name, saved in plain["optimizers"].items():
            slots: dict[int, dict[str, Any]] = {
                int(index): dict(numbers) for index, numbers in saved["numbers"].items()
            }
            for key, value in tensors.items():
                if key.startswith(f"optimizer/{name}/"):
                    index, slot = key.removeprefix(f"optimizer/{name}/").split("/")
                    # a copy: what comes from one file may share one memory
                    slots.setdefault(int(index), {})[slot] = value.clone()
            groups = [{k: _retuple(v) for k, v in group.items()} for group in saved["groups"]]
            self._waiting[name] = {"state": slots, "param_groups": groups}


def load_weights(model: Model, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """Load the tensors under a prefix into a model.

    Raises:
        UserError: they do not fit it.
    """
    own = {
        k.removeprefix(prefix + "/"): v for k, v in tensors.items() if k.startswith(prefix + "/")
    }
    try:
        model.load_state_dict(own)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"the checkpoint does not fit the model in config.json: {reason}") from None


@torch.no_grad()
def _relative_change(before: list[Tensor], after: list[nn.Parameter]) -> Tensor:
    """Return the length of a move over the length of the weights that made it."""
    moves = torch._foreach_sub(before, list(after))
    length: Tensor = nn.utils.get_total_norm(before)
    return nn.utils.get_total_norm(moves) / length.clamp(min=1e-12)


def _part(model: Model, name: str) -> Player:
    """Return the player of this name."""
    owned: dict[str, Player] = {**dict(model.named_modules()), **dict(model.named_parameters())}
    return owned["" if name == "model" else name]


def _floats(model: nn.Module) -> list[Tensor]:
    return [value for value in model.state_dict().values() if value.is_floating_point()]


def _retuple(value: Any) -> Any:
    return (
        tuple(value)
        if isinstance(value, list) and value and not isinstance(value[0], int)
        else value
    )


def _demand_finite(step: int, name: str, value: float) -> None:
    if not math.isfinite(value):
        raise TrainingFailed(
            f"the loss of {name} became {value} at step {step}; "
            "a smaller --learning-rate or --precision float32 may help"
        )


def _cut(batch: Any, parts: int) -> list[Any]:
    if parts == 1:
        return [batch]
    return [type(batch)(*rows) for rows in zip(*(x.chunk(parts) for x in batch), strict=True)]
