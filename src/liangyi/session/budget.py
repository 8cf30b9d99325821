"""A budget in minutes: the steps that fit into it, measured before a training begins.

What is measured is the training in small: its steps, its looks, its checkpoints and its end, by a
trainer and a run that are thrown away. What comes out are plain settings, so a training of minutes
is a training of steps like any other, and can be resumed and repeated bit for bit.
"""

from __future__ import annotations

import dataclasses
import math
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from liangyi.core import processes
from liangyi.core.config import Training, to_plain
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.data import Batches, Data, Source
from liangyi.runs.building import build
from liangyi.session.create import create
from liangyi.session.recorder import Recorder
from liangyi.session.report import write_report
from liangyi.training import compiled
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer

WARM = 2  # first steps, which take longer: memory is asked for, optimisers are made
_SHARE, _MOST = 0.03, 5.0  # of the budget, and seconds, for which steps are timed
_LOOKS = 10  # looks at a training that is too short for as many at the usual pace
_LOOKING = 0.05  # share of the budget that those may take
_PACES = ("log_every", "sample_every", "examine_every", "checkpoint_every")

Tell = Callable[[str], None]


def demand_alone(minutes: float | None, given: Collection[str]) -> None:
    """Make sure that nothing else says how long to train.

    Raises:
        UserError: something does.
    """
    for name in ("steps", "epochs"):
        if minutes is not None and name in given:
            raise UserError(
                f"decides how many steps there are; leave {name} out", setting="minutes"
            )


def fitted(
    kind: type[Model],
    config: Any,
    source: Source,
    training: Training,
    minutes: float,
    tell: Tell = lambda line: None,
    began: float | None = None,
) -> tuple[Any, Training]:
    """Return settings of a training that ends after so many minutes on this machine.

    Its number of steps, and what a model makes of that (`Model.fitted`). The weights' average
    needs no fitting: it looks back over a ninth of the steps so far, until its decay is reached.
    Of a short training, pictures, signals, checkpoints and lines of the log come more often where
    their pace is the recipe's; they change no weight.

    Args:
        kind: of the model.
        config: its settings.
        source: what it learns from.
        training: its other settings.
        minutes: wall time, from `began` to the end of the training.
        tell: is given a line about what came out.
        began: `time.monotonic()` of when they began; now.

    Raises:
        UserError: the settings are wrong, several processes train, or not one step fits.
    """
    began = time.monotonic() if began is None else began
    if processes.launched() or training.devices * training.nodes > 1:
        raise UserError("is measured by one process; give steps for several", setting="minutes")
    if not 0 < minutes < math.inf:
        raise UserError("should be greater than 0", setting="minutes")
    training = dataclasses.replace(training, epochs=None)
    budget = 60 * minutes
    costs = _measured(kind, config, source, training, budget)
    left = budget - (time.monotonic() - began)

    def at(steps: int) -> Training:
        return costs.paced(dataclasses.replace(training, steps=steps), kind.recipe, budget)

    if costs.seconds(at(1)) > left:
        taken = budget - left + costs.seconds(at(1))
        raise UserError(
            f"{minutes:g} are too few: one step, with all around it, takes {taken:.0f} s",
            setting="minutes",
        )
    low, high = 1, 2
    while costs.seconds(at(high)) <= left:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if costs.seconds(at(middle)) <= left else (low, middle)
    found = kind.fitted(config, low)
    tell(
        f"{low:,} steps in {minutes:g} min, {speed(costs.step)}; the same again: --steps {low}"
        + _others(config, found)
    )
    return found, at(low)


def _others(before: Any, after: Any) -> str:
    was, now = to_plain(before), to_plain(after)
    return "".join(
        f" --{name.replace('_', '-')} {now[name]}" for name in now if now[name] != was[name]
    )


def speed(step: float) -> str:
    """Return the time of a step in words for people."""
    return f"{step:.2g} s a step" if step >= 0.5 else f"{1 / step:,.0f} steps/s"


@dataclasses.dataclass(frozen=True)
class _Costs:
    """Seconds that the parts of a training take."""

    start: float  # data, networks, the compiler
    step: float
    examine: float  # the doctor's signals
    show: float  # pictures, and figures on held-out data
    validate: float  # the look that chooses the best checkpoint
    save: float  # a checkpoint
    end: float  # all looks once more, at all held-out items, and the report

    def seconds(self, training: Training) -> float:
        """Return how long a training takes."""
        steps = training.steps
        saves = {training.checkpoint_every, training.validation_pace} - {0}
        paces = [
            (self.examine, training.examine_every),
            (self.show, training.sample_every),
            (self.validate, training.validation_pace),
            *((self.save, pace) for pace in saves),
        ]
        looks = sum(cost * (steps // pace) for cost, pace in paces if pace)
        return self.start + steps * self.step + looks + self.end

    def paced(self, training: Training, recipe: Training, budget: float) -> Training:
        """Return the settings with looks at a short training, as many as it can afford."""
        once = self.examine + self.show + self.validate + self.save
        looks = max(1, min(_LOOKS, int(_LOOKING * budget / max(once, 1e-9))))
        most = max(1, training.steps // looks)
        usual = {name: getattr(training, name) for name in _PACES}
        closer = {
            name: min(pace, most) for name, pace in usual.items() if pace == getattr(recipe, name)
        }
        return dataclasses.replace(training, **closer)


def _measured(
    kind: type[Model], config: Any, source: Source, training: Training, budget: float
) -> _Costs:
    with tempfile.TemporaryDirectory() as folder:
        run = create(kind, config, source, training, Path(folder) / "run")
        with _timed() as creating:  # again: a first time takes longer
            create(kind, config, source, training, Path(folder) / "again")
        with _timed() as loading:
            data, held_out = source.split("train"), source.split("test")
        assert data is not None
        device, enough = choose_device(training.device), min(_MOST, _SHARE * budget)
        trainer, step = _steps(kind, config, data, training, enough)
        compiling = 0.0
        steps = int(budget / step)
        if compiled.wanted(trainer.model, device, steps, training.compile):
            trainer, step, compiling = _compiled(kind, config, data, training, steps, enough)
        with _timed() as preparing:
            recorder = Recorder(run, trainer, data, held_out)
        validate = recorder.validate
        found = _Costs(
            # what is built to be looked at is built once more to be trained
            start=2 * creating[0] + loading[0] + preparing[0] + compiling,
            step=step,
            examine=_once(lambda: recorder.log(True, False, False)),
            show=_once(lambda: recorder.log(False, True, False)),
            validate=_once(lambda: validate(trainer.averaged)) if validate else 0.0,
            save=_once(lambda: run.save(trainer)),
            end=_once(lambda: recorder.log(True, True, True)) + _once(lambda: write_report(run)),
        )
        recorder.close()
    return found


def _trainer(kind: type[Model], config: Any, data: Data, training: Training) -> Trainer:
    model = build(kind, kind.fitted(config, training.steps), data.spec, training.seed)
    stream = Batches(
        data, model.Batch, training.batch_size, training.seed, choose_device(training.device),
        model.image_range,
    )  # fmt: skip
    return Trainer(model, stream, training)


def _steps(
    kind: type[Model], config: Any, data: Data, training: Training, enough: float
) -> tuple[Trainer, float]:
    """Time trainings in small, of more and more steps: all stages of a model have their share."""
    count = 4
    while True:
        small = dataclasses.replace(training, steps=WARM + count, examine_every=0, compile="off")
        trainer = _trainer(kind, config, data, small)
        for _ in trainer.run(WARM):
            pass
        taken = _run(trainer, count)
        if taken >= enough:
            return trainer, taken / count
        count = int(count * min(8.0, max(2.0, 1.2 * enough / taken)))


def _compiled(
    kind: type[Model], config: Any, data: Data, training: Training, steps: int, enough: float
) -> tuple[Trainer, float, float]:
    """Time compiled steps, and the compiler."""
    whole = dataclasses.replace(training, steps=steps, examine_every=0)
    trainer = _trainer(kind, config, data, whole)
    compiling = _run(trainer, WARM)
    count, taken = 0, 0.0
    while taken < enough:
        count, taken = count + 20, taken + _run(trainer, 20)
    return trainer, taken / count, compiling


def _run(trainer: Trainer, count: int) -> float:
    with _timed() as taken:
        for _ in trainer.run(count):
            pass
        trainer.check()  # waits for the device
    return taken[0]


def _once(act: Callable[[], object]) -> float:
    """Return how long something takes; what is quick is done twice, since a first time is slow."""
    for _ in range(2):
        with _timed() as taken:
            act()
        if taken[0] > 0.5:
            break
    return taken[0]


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Yield a list that holds the seconds, once they are over."""
    found: list[float] = []
    began = time.perf_counter()
    yield found
    found.append(time.perf_counter() - began)
