"""Trainer: applies updates, counts steps, reports. It knows no model and touches no disk."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from liangyi.core import draw, processes
from liangyi.core.batch import cut, learning_from
from liangyi.core.config import Training
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Turn, Update
from liangyi.core.spec import Spec
from liangyi.training import compiled, memory
from liangyi.training.averaging import Average
from liangyi.training.devices import choose_device, choose_precision
from liangyi.training.means import Means, weighted_mean
from liangyi.training.players import Players

Found = dict[str, list[tuple[float, Tensor]]]  # each metric's values and their weights


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
        check(model, self.training, stream.items)
        self.step = 0
        self.slowed = 1.0  # factor of all learning rates, lowered when a training is rewound
        self.total = model.planned = self.training.total(stream.items)
        self.players = Players(model)
        self.means = Means()  # since the last line of the log, where somebody writes one
        self._losses: list[tuple[int, str, Tensor]] = []  # not yet known to be finite
        processes.agree([*model.parameters(), *model.buffers()])
        decay = self.training.average
        self._average = Average(model, decay) if decay else None
        self.averaged = self._average.model if self._average else model
        dtype = choose_precision(self.training.precision, model, self.device)
        self.precision = str(dtype).removeprefix("torch.")
        self._bfloat16 = dtype is torch.bfloat16
        self._whole: compiled.Step | None = None  # made when it is first wanted
        self._traced = False  # whether a step is being written down just now
        self._compiles = compiled.wanted(model, self.device, self.total, self.training.compile)

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
        try:
            with draw.step(self.training.seed, self.step, self.device):
                metrics = step(self.stream.batch(self.step), self.step, self._hear)
        except TrainingFailed:
            self.model.zero_grad()  # of the parts before the one that failed
            raise
        self.step += 1
        if self._average:
            self._average.follow(self.step)
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
        """Run the model's algorithm once and return its metrics; losses are told as they come.

        A metric that is reported in several turns, or by several parts of the batch, is their mean.
        """
        found: Found = {}
        self._traced = not isinstance(step, int)
        pieces = cut(batch, self.training.accumulate)
        parts = [(share, part, self.model.updates(part, step)) for share, part in pieces]
        while (names := self._descend(parts, hear, found)) is not None:
            self._move(names, found)
        return {name: weighted_mean(values) for name, values in found.items()}

    def _descend(
        self, parts: list[tuple[float, Any, Iterator[Turn]]], hear: compiled.Hear, found: Found
    ) -> list[str] | None:
        """Add up one turn's gradients, part after part; return whose turn it is, None at the end.

        What a part's forward pass left behind is freed before the next one's begins, but for what
        its algorithm holds on to. Parts draw noise and batch statistics of their own.
        """
        names: dict[str, None] = {}
        ended = False
        for share, batch, algorithm in parts:
            with learning_from(batch):
                updates = self._next(algorithm)
            if updates is None:  # the others are at their ends, too, once they were asked
                ended = True
                continue
            for update in updates:
                name = self.players.name(update.player)
                names[name] = None
                if update.loss is not None:
                    hear(name, update.loss.detach())
            losses = [update for update in updates if update.loss is not None]
            self._demand_apart(losses)
            for update in losses:
                assert update.loss is not None
                loss = update.loss if share == 1 else update.loss * share
                weights = self.players.weights(self.players.name(update.player))
                # updates applied at once may share a graph, which the last one may free
                loss.backward(inputs=weights, retain_graph=update is not losses[-1])
                for key, value in update.metrics.items():
                    found.setdefault(key, []).append((share, value))
            for update in updates:  # now that all losses have seen the same weights
                if update.by is not None:
                    self._by_kernel(update, share, found)
        return None if ended else list(names)

    def _demand_apart(self, updates: list[Update]) -> None:
        """Make sure that players which move at once share no weight: their gradients would mix."""
        if len(updates) < 2:
            return
        every = [w for u in updates for w in self.players.weights(self.players.name(u.player))]
        if len({id(weight) for weight in every}) < len(every):
            raise ValueError("players of one turn share weights; yield their updates one by one")

    def _by_kernel(self, update: Update, share: float, found: Found) -> None:
        """Let a player move itself, by a closed form or a loop of its own."""
        if processes.world() > 1:
            raise UserError(f"{self.model.name()} moves by a kernel, in one process only")
        if share != 1:
            raise UserError(
                f"{self.model.name()} moves by a kernel, which wants its batch in one piece",
                setting="accumulate",
            )
        if self._traced:
            raise compiled.NotCompilable("a player moves by a kernel")
        assert update.by is not None
        name, examined = self.players.name(update.player), self._examined()
        weights = self.players.weights(name)
        before = [weight.detach().clone() for weight in weights] if examined else []
        with torch.no_grad():
            metrics = {**update.metrics, **update.by()}
            if examined:
                metrics[f"signal/{name}_update"] = _relative_change(before, weights)
            for key, value in metrics.items():
                found.setdefault(key, []).append(
                    (share, torch.as_tensor(value, device=self.device))
                )

    def _move(self, names: list[str], found: Found) -> None:
        """Let the players of one turn follow their gradients."""
        for name in names:
            moved = [weight for weight in self.players.weights(name) if weight.grad is not None]
            if not moved:
                continue  # it has moved by itself
            if processes.world() > 1:
                for weight in moved:  # processes meet different rows
                    weight.grad = _dense(weight.grad)
            gradients = [weight.grad for weight in moved if weight.grad is not None]
            processes.average(gradients)
            optimizer = self.players.optimizer(name, self.step, self.slowed)
            if self._examined():
                before = [weight.detach().clone() for weight in moved]
                length = nn.utils.get_total_norm([_values(one) for one in gradients])
                optimizer.step()
                change = _relative_change(before, moved)
                found.setdefault(f"signal/{name}_gradient", []).append((1.0, length))
                found.setdefault(f"signal/{name}_update", []).append((1.0, change))
            else:
                optimizer.step()
            for weight in moved:
                weight.grad = None

    def _compiled(self) -> compiled.Turns:
        """Return the compiled step, or the eager one where that is impossible."""
        if self._whole is None:
            self.players.wake(self.step, self.slowed)
            try:
                self._whole = compiled.Step(
                    self.model,
                    self._turns,
                    self.stream.batch(self.step),
                    self.players.slots,
                    partial(draw.step, self.training.seed, self.step, self.device),
                )
            except compiled.NotCompilable as error:
                if self.training.compile == "on":
                    raise UserError(
                        f"no compiled steps: {error}; leave it out", setting="compile"
                    ) from None
                self._compiles = False
                return self._turns
        return self._whole

    def _next(self, algorithm: Iterator[Turn]) -> tuple[Update, ...] | None:
        """Run an algorithm up to its next turn; None at its end."""
        # entered anew each time: suspended inside, it would leak into the caller
        with torch.autocast(self.device.type, torch.bfloat16) if self._bfloat16 else nullcontext():
            turn = next(algorithm, None)
        return (turn,) if isinstance(turn, Update) else turn

    def _examined(self) -> bool:
        """Whether this step's gradients and moves are measured for the doctor."""
        pace = self.training.examine_every
        return pace > 0 and ((self.step + 1) % pace == 0 or self.step + 1 == self.total)

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

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return everything that a checkpoint must hold: tensors, and plain JSON."""
        tensors = {f"model/{name}": value for name, value in kept_state(self.model).items()}
        if self.averaged is not self.model:
            averaged = kept_state(self.averaged)
            tensors |= {f"averaged/{name}": value for name, value in averaged.items()}
        slots, optimizers = self.players.state()
        plain = {
            "step": self.step,
            "slowed": self.slowed,
            "optimizers": optimizers,
            "means": self.means.state(),
        }
        return tensors | slots, plain

    def restore(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Go on from a state, bit for bit on a CPU with the same number of threads."""
        load_weights(self.model, tensors, "model")
        if self.averaged is not self.model:
            load_weights(self.averaged, tensors, "averaged")
        self.step, self.slowed = plain["step"], plain.get("slowed", 1.0)
        self.players.restore(tensors, plain["optimizers"])
        self.means.restore(plain.get("means", {}))
        self._losses.clear()
        self._whole = None  # it holds the optimisers' states of before


def check(model: Model, training: Training, items: int) -> None:
    """Make sure that settings can go together, before anything is made.

    Raises:
        UserError: they cannot.
    """
    workers = max(processes.world(), training.devices * training.nodes)
    share = training.batch_size // workers
    if training.accumulate > 1 and model.whole_batch:
        raise UserError(
            f"{model.name()} wants its batch in one piece; leave it out", setting="accumulate"
        )
    if items and training.batch_size > items:
        raise UserError(
            f"a batch of {training.batch_size} is larger than the data: {many(items, 'item')}",
            setting="batch_size",
            better=max(1, items // 4),
        )
    if training.accumulate > share:
        raise UserError(
            f"{many(training.accumulate, 'part')} of a batch of which each process has "
            f"{many(share, 'item')}",
            setting="accumulate",
            better=max(1, share // 4),
        )
    if share // training.accumulate < 2 and any(
        isinstance(part, nn.BatchNorm1d) for part in model.modules()
    ):
        raise UserError(
            f"{model.name()} normalises over the items that are learned from together: two at "
            "least in each process and part",
            setting="batch_size",
        )
    total = training.total(items)
    compiled.wanted(model, choose_device(training.device), total, training.compile, workers)


def kept_state(model: Model) -> dict[str, Tensor]:
    """Return what a checkpoint keeps of a model: all but the weights that it borrowed."""
    state = model.state_dict()
    return {name: value for name, value in state.items() if not model.borrows(name)}


def load_weights(model: Model, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """Load the tensors under a prefix into a model.

    Raises:
        UserError: they do not fit it.
    """
    own = {
        k.removeprefix(prefix + "/"): v for k, v in tensors.items() if k.startswith(prefix + "/")
    }
    try:
        own |= {k: v for k, v in model.state_dict().items() if model.borrows(k)}
        model.load_state_dict(own)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"the checkpoint does not fit the model in config.json: {reason}") from None


@torch.no_grad()
def _dense(gradient: Tensor | None) -> Tensor | None:
    return gradient.to_dense() if gradient is not None and gradient.is_sparse else gradient


def _values(gradient: Tensor) -> Tensor:
    """Return the values of a gradient; of a sparse one those of its rows."""
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _relative_change(before: list[Tensor], after: list[nn.Parameter]) -> Tensor:
    """Return the length of a move over the length of the weights that made it."""
    moves = torch._foreach_sub(before, list(after))
    length: Tensor = nn.utils.get_total_norm(before)
    return nn.utils.get_total_norm(moves) / length.clamp(min=1e-12)


def _demand_finite(step: int, name: str, value: float) -> None:
    if not math.isfinite(value):
        raise TrainingFailed(
            f"the loss of {name} became {value} at step {step}; a smaller learning rate or the "
            "precision float32 may help"
        )
