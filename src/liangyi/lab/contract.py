"""The contract: what every model must keep, as checks that are run one by one.

    for name, check in checks(Small.of(kind, folder)): check()

`liangyi check ./my_gan.py` runs them on a file, the tests on every registered model. What they need
comes from the model: its smallest settings (`tiny`) and what to try them on (`tiny_data`).
"""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core.binding import bound
from liangyi.core.config import from_plain, help_of, to_plain
from liangyi.core.model import Model, Update
from liangyi.core.spec import Label, Word
from liangyi.core.verbs import samples
from liangyi.lab.small import Small
from liangyi.nets.fast.sequential import plain
from liangyi.session import Session, Stepped
from liangyi.session.layers import example
from liangyi.training.trainer import Trainer

LONGEST = 200  # lines of a model's file
Check = tuple[str, Callable[[], None]]


class Broken(AssertionError):
    """A model does not keep the contract; the message says what to look at."""


def demand(kept: bool, message: str) -> None:
    """Raise where something is not kept."""
    if not kept:
        raise Broken(message)


def checks(small: Small) -> Iterator[Check]:
    """Yield each check by its name."""
    for check in (
        each_turn_moves_only_its_player,
        the_seed_decides_the_metrics,
        stopping_changes_nothing,
        verbs_leave_no_trace,
        a_sample_does_not_depend_on_how_many_are_drawn,
        the_noise_of_a_seed_is_not_its_weights,
        settings_survive_json_and_are_explained,
        the_file_cites_its_source,
        generated_batches_are_judged,
        it_learns_one_batch_by_heart,
    ):
        yield check.__name__.replace("_", " "), lambda check=check: _alone(check, small)  # type: ignore[misc]


def _alone(check: Callable[[Small], None], small: Small) -> None:
    with threads_of(small.kind):
        check(small)


@contextmanager
def threads_of(kind: type[Model]) -> Iterator[None]:
    """Compute by one thread inside, where a model promises the same bits by no more than that."""
    before = torch.get_num_threads()
    if kind.reproducible == "one thread":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


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


def shown(small: Small, model: Model) -> dict[str, Any]:
    """Return what each verb gives, asked with what its parameters' names mean in this data."""
    split = small.source.split()
    assert split is not None
    batch = split.some(3, model.Batch, "cpu", model.image_range)
    known = {name: getattr(batch, name) for name in batch._fields}
    found = {}
    for name, verb in model.verbs().items():
        given: dict[str, Any] = {}
        items = bound(small.kind, name, model.spec).items
        for parameter in verb.parameters.values():
            if parameter.name == "count":
                given["count"] = 5
            elif parameter.name == "batch":
                given["batch"] = batch
            elif parameter.name in known and parameter.default is parameter.empty:
                given[parameter.name] = known[parameter.name]
            elif parameter.name in ("code", "latent") and parameter.default is parameter.empty:
                given[parameter.name] = model.encode(known[model.spec.item])
            elif isinstance(field := items.get(parameter.name), Word):
                given[parameter.name] = fields.example(field, 3, model.device)
        found[name] = getattr(model, name)(**given)
    return found


def verbs_leave_no_trace(small: Small) -> None:
    """Breaks when a verb trains batch statistics, leaves dropout off, or advances the dice."""
    model = small.build().train()
    modes = [module.training for module in model.modules()]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    first, second = shown(small, model), shown(small, model)
    for name, given in first.items():
        for one, two in zip(tensors(given), tensors(second[name]), strict=True):
            demand(torch.equal(one, two), f"{name} gives something else the second time")
            demand(not one.requires_grad, f"{name} gives a tensor with a gradient")
    for name in ("sample", "interpolate"):
        if name in first:
            right = first[name].shape == (5, *model.spec.shape)
            demand(right, f"{name} gives {list(first[name].shape)} for 5 items")
    for name, given in first.items():
        asked = bound(small.kind, name, model.spec)
        for column, kind in asked.columns.items():
            whole = kind is None or fields.inside(kind, getattr(given, column), model.image_range)
            demand(whole, f"{name} gives a {column} that is none")
        field = asked.gives
        if isinstance(field, Label) and given.is_floating_point():  # chances of each class
            sums = given.sum(1)
            demand(torch.allclose(sums, torch.ones_like(sums)), f"{name} gives no probabilities")
        elif field is not None:
            every = given.flatten(0, given.dim() - len(field.shape) - 1)  # in rows, or one by one
            inside = fields.inside(field, every, model.image_range)
            demand(inside, f"{name} gives items that are not of their kind or out of their range")
    same = all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    demand(same, "a verb changes weights or statistics")
    demand(torch.equal(state, torch.get_rng_state()), "a verb advances PyTorch's random state")
    demand(modes == [m.training for m in model.modules()], "a verb changes the training mode")


def tensors(found: Any) -> list[Tensor]:
    """Return the tensors in what a verb gives."""
    if isinstance(found, tuple):
        return list(found)
    return list(found.values()) if isinstance(found, dict) else [found]


def a_sample_does_not_depend_on_how_many_are_drawn(small: Small) -> None:
    """Breaks when noise is one long run of numbers, or a part of a set begins its seed anew."""
    model = small.build()
    if "sample" not in model.verbs():
        return
    wanted = model.sample(600, seed=3).float()
    near = 1e-3 * float(wanted.std())
    for count in (18, 64, 513):
        away = (samples(model, count, seed=3).float() - wanted[:count]).abs().max()
        demand(float(away) <= near, f"sample 17 is another one when {count} are drawn")
    demand(
        not torch.equal(model.sample(4, seed=0), model.sample(4, seed=1)), "seeds change nothing"
    )


def the_noise_of_a_seed_is_not_its_weights(small: Small) -> None:
    """Breaks when one stream serves two purposes: row i of the noise is then row i of a layer."""
    from liangyi.core import draw

    model = small.build(3)
    if "sample" not in model.verbs():
        return
    noise: list[Tensor] = []
    drawn = draw._drawn
    draw._drawn = lambda wanted: noise.append(drawn(wanted)) or noise[-1]  # type: ignore
    try:
        model.sample(512, seed=3)
    finally:
        draw._drawn = drawn
    for path, weight in model.named_parameters():
        count = min(weight.numel(), noise[0].numel()) if noise else 0
        if count < 50:
            continue
        pair = torch.stack([x.detach().flatten()[:count] for x in (weight, noise[0])])
        if float(pair[0].std()) > 0:  # a bias may begin at 0
            much = abs(float(pair.corrcoef()[0, 1])) >= 5 / count**0.5
            demand(not much, f"the noise of a seed resembles {path}")


def settings_survive_json_and_are_explained(small: Small) -> None:
    """Breaks when a setting is no JSON, or nobody says what it is."""
    config = small.config
    back = from_plain(type(config), json.loads(json.dumps(to_plain(config))))
    demand(back == config, "the settings are others after JSON")
    dark = [field for field, text in help_of(type(config)).items() if len(text) < 5]
    demand(not dark, f"fields without a comment: {', '.join(dark)}")


def the_file_cites_its_source(small: Small) -> None:
    """Breaks when a reader cannot find the paper, or the file wants machinery."""
    module = inspect.getmodule(small.kind)
    text = (module.__doc__ or "") + (small.kind.__doc__ or "")
    cited = re.search(r"arXiv:\d{4}\.\d{4,5}|Nature|Science|Google Research|IEEE", text)
    demand(bool(cited), "the docstring cites no source (arXiv:1406.2661, say)")
    file = inspect.getsourcefile(small.kind)
    lines = len(Path(file).read_text(encoding="utf-8").splitlines()) if file else 0
    demand(lines <= LONGEST, f"{lines} lines: a model's file wants machinery; mend the core")


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


def golden(small: Small, path: Path) -> None:
    """Compare a run of 20 steps with a stored curve; a refactoring that changes it is none.

    To store a curve anew after a wanted change, delete its file and run this again.
    """
    trainer = small.trainer(steps=20, examine_every=0)
    with plain(), threads_of(small.kind):  # whose dropout draws PyTorch's numbers
        curve = [report.read() for report in trainer.run()]
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps([{k: float(f"{v:.7g}") for k, v in x.items()} for x in curve]))
        raise Broken(f"stored {path.name}; look at it, then run again")
    for step, (now, then) in enumerate(zip(curve, json.loads(path.read_text()), strict=True)):
        demand(now.keys() == then.keys(), f"step {step} reports {list(now)}, not {list(then)}")
        for name, value in now.items():
            near = abs(value - then[name]) <= max(2e-4, 2e-3 * abs(then[name]))
            demand(near, f"step {step}: {name} is {value:.6g}, was {then[name]:.6g}")


__all__ = ["Broken", "Small", "checks", "golden"]
