"""The contract on turns: who moves, by what, and that nothing but the seed decides it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from liangyi.core.model import Model, Update
from liangyi.lab.contract.broken import demand
from liangyi.lab.small import Small
from liangyi.session import Session, Stepped
from liangyi.session.layers import example
from liangyi.training.trainer import Trainer


def cycle(trainer: Trainer) -> int:
    """Return the number of steps after which every stage of the algorithm was seen."""
    model = trainer.model
    octaves = getattr(model.config, "octaves", 1) * getattr(model.config, "ascents", 1)
    return int(max(max(model.stages) + 1, octaves))


class Watched:
    """A trainer whose every move is compared with what the update allowed."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.reached: set[str] = set()
        self.players: set[str] = set()
        move, by_kernel = trainer._move, trainer._by_kernel

        def pushed(update: Update, share: float, found: Any) -> None:
            before = weights_of(trainer.model)
            by_kernel(update, share, found)
            self.moved(before, [trainer.players.name(update.player)])

        def watched(turns: Any, found: Any) -> None:
            names, before = list(turns), weights_of(trainer.model)
            for name, weight in trainer.model.named_parameters():
                if weight.grad is not None:
                    self.reached.add(name)
            move(turns, found)
            self.players.update(names)
            self.moved(before, names)
            for name, weight in trainer.model.named_parameters():
                demand(weight.grad is None, f"{name} keeps a gradient after the turn of {names}")

        trainer._by_kernel = pushed  # type: ignore[method-assign]
        trainer._move = watched  # type: ignore[assignment, method-assign]

    def moved(self, before: dict[str, Tensor], names: list[str]) -> None:
        """Note what has moved in the turn of these players, who alone may."""
        players, model = self.trainer.players, self.trainer.model
        own = {id(weight) for name in names for weight in players.weights(name)}
        for name, weight in model.named_parameters():
            changed = not torch.equal(before[name], weight)
            if changed:
                self.reached.add(name)
            demand(not changed or id(weight) in own, f"{name} moved in the turn of {names}")


def weights_of(model: Model) -> dict[str, Tensor]:
    """Return a copy of the weights."""
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def each_turn_moves_only_its_player(small: Small) -> None:
    """Breaks when a discriminator is not frozen, or a layer is cut off from its loss."""
    trainer = small.trainer()
    watched = Watched(trainer)
    for _ in trainer.run(cycle(trainer)):
        pass
    wanted = set()
    for player in watched.players:
        own = {id(weight) for weight in trainer.players.weights(player)}
        wanted |= {n for n, p in trainer.model.named_parameters() if id(p) in own}
    demand(bool(watched.players), "no player moved")
    left = sorted(wanted - watched.reached)
    demand(not left, f"no gradient reaches {', '.join(left)}")


def the_seed_decides_the_metrics(small: Small) -> None:
    """Breaks when something draws from a random state that the seed does not set."""

    def curve(seed: int) -> list[dict[str, float]]:
        trainer = small.trainer(seed=seed)
        return [report.read() for report in trainer.run(cycle(trainer) + 1)]

    first = curve(0)
    torch.rand(1, device="cpu")  # what the caller drew meanwhile must not matter
    demand(curve(0) == first, "the same seed gives other numbers")
    finite = all(math.isfinite(value) for line in first for value in line.values())
    demand(finite, "a metric is no finite number")


def stopping_changes_nothing(small: Small) -> None:
    """Breaks when a state is missing in the checkpoint: an optimiser's, the average's, noise's."""
    total = max(4, cycle(small.trainer()) + 1)
    every = ("log_every", "examine_every", "sample_every", "validate_every")
    pace = {"steps": total, **dict.fromkeys(every, 3)}
    whole = small.run("whole", checkpoint_every=total, **pace)
    for _ in Session(whole):
        pass
    parts = small.run("parts", checkpoint_every=1, **pace)
    for _ in range(total):
        session = Session(parts)
        for event in session:
            if isinstance(event, Stepped):
                session.stop()
    one, other = (run.newest(lambda line: None) for run in (whole, parts))
    assert one is not None and other is not None
    same = one.tensors.keys() == other.tensors.keys() and all(
        torch.equal(value, other.tensors[name]) for name, value in one.tensors.items()
    )
    demand(same, "a training that was stopped ends with other weights")
    logs = [[_timeless(line) for line in run.lines()] for run in (whole, parts)]
    demand(logs[0] == logs[1], "a training that was stopped logs other numbers")


def _timeless(line: dict[str, float]) -> dict[str, float]:
    return {k: v for k, v in line.items() if k not in ("seconds", "items_per_second")}


def generated_batches_are_judged(small: Small) -> None:
    """Breaks when an adversary cannot judge what the model generates, or what is real."""
    model = small.build()
    if not model.adversary:
        return
    real = example(model, 6)
    for batch in (model.generated(6, real), model.generated(6), real):
        rows = model.judgement(batch).flatten()
        demand(len(rows) in range(1, 7), "judgement gives no number for each item")


def it_learns_one_batch_by_heart(small: Small) -> None:
    """Breaks when a loss is cut off from what it should lower; of models with one loss only."""
    trainer = small.trainer(batch_size=8, average=0.0)
    if trainer.model.adversary or max(trainer.model.stages) > 0:
        return  # a game has no loss that falls
    batch = trainer.stream.batch(0)
    trainer.stream.batch = lambda number: batch  # type: ignore[method-assign]
    losses: list[float] = []
    trainer._hear = lambda player, loss: losses.append(float(loss))  # type: ignore[method-assign]
    for _ in trainer.run(201):
        pass
    if losses:  # a kernel tells none
        each = len(losses) // 201
        first, last = losses[0], sum(losses[-5 * each :]) / (5 * each)
        demand(last < first, f"the loss does not fall on one batch: {first:.4g}, then {last:.4g}")
