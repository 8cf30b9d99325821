"""Trainer: applies updates, counts steps, reports. It knows no model and touches no disk."""

from __future__ import annotations

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
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Turn, Update
from liangyi.core.spec import Spec
from liangyi.training import compiled, memory, settings
from liangyi.training.averaging import Average
from liangyi.training.devices import choose_device, choose_precision
from liangyi.training.finite import Losses, TrainingFailed, demand_weights
from liangyi.training.gradients import dense, relative_change, values
from liangyi.training.means import Means, weighted_mean
from liangyi.training.players import Players
from liangyi.training.weights import kept_state, load_weights

__all__ = ["Report", "Stream", "Trainer", "TrainingFailed"]

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
        settings.check(model, self.training, stream.items)
        self.step = 0
        self.slowed = 1.0  # factor of all learning rates, lowered when a training is rewound
        self.total = model.planned = self.training.total(stream.items)
        self.players = Players(model)
        self.means = Means()  # since the last line of the log, where somebody writes one
        self._losses = Losses()
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
        self._losses.hear(self.step, player, loss)

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
                metrics[f"signal/{name}_update"] = relative_change(before, weights)
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
                    weight.grad = dense(weight.grad)
            gradients = [weight.grad for weight in moved if weight.grad is not None]
            processes.average(gradients)
            optimizer = self.players.optimizer(name, self.step, self.slowed)
            if self._examined():
                before = [weight.detach().clone() for weight in moved]
                length = nn.utils.get_total_norm([values(one) for one in gradients])
                optimizer.step()
                change = relative_change(before, moved)
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
        self._losses.check()

    def check_weights(self) -> None:
        """Make sure that all losses so far and all weights are finite.

        Raises:
            TrainingFailed: one is not.
        """
        self.check()
        demand_weights(self.model, self.step)

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
        self._losses.waiting.clear()
        self._whole = None  # it holds the optimisers' states of before
