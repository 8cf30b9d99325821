"""One sitting of a training: `for event in Session(run): ...`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

from liangyi.core import processes
from liangyi.data import Batches, Source
from liangyi.runs.run import Run
from liangyi.session.events import Began, Ended, Event, Message, Stepped
from liangyi.session.recorder import Recorder
from liangyi.session.report import write_report
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer, TrainingFailed


class Session:
    """Train a run from its newest checkpoint to its end, or until somebody stops it.

    Everything of a step is on the disk before its event comes. Who stops it, or leaves the loop,
    finds a checkpoint of the last step.

    Args:
        run: the run.
        source: its data, for a run whose data was given in memory.
    """

    def __init__(self, run: Run, source: Source | None = None) -> None:
        self.run = run
        self._source = source
        self._stopping = False

    def stop(self) -> None:
        """Finish the step that is being made, if one is, write a checkpoint and end."""
        self._stopping = True

    def __iter__(self) -> Iterator[Event]:
        """Train and yield what happens.

        Raises:
            UserError: the run is being trained already, or its data or checkpoints are not sound.
            TrainingFailed: a loss is no longer a number; the last good checkpoint stays.
        """
        run = self.run
        source = run.source(self._source)
        data, held_out = run.data(source), source.split("test")
        model = run.build()
        device = choose_device(run.training.device)
        if processes.launched():
            device = processes.join(device)
        first = processes.rank() == 0  # known from here on
        stream = Batches(
            data, model.Batch, run.training.batch_size, run.training.seed, device,
            model.image_range, processes.rank(), processes.world(),
        )  # fmt: skip
        trainer = Trainer(model, stream, run.training)
        told: list[str] = []
        with run.lock() if first else nullcontext():
            run.restore(trainer, told.append)
            yield from map(Message, told)
            began = trainer.step
            yield Began(began, trainer.total)
            told_all = run.reported  # before the log is touched
            if first:
                run.forget_after(began)
            recorder = Recorder(run, trainer, data, held_out) if first else None
            try:
                yield from self._steps(trainer, recorder)
            finally:
                recorder.close() if recorder else None
            if first and trainer.step == began and not told_all:
                write_report(run)  # it was killed between its last checkpoint and this
            given_up = recorder is not None and recorder.exhausted
            if given_up:
                yield Message(_nothing_better(run))
        yield Ended(trainer.step, trainer.step >= trainer.total or given_up)

    def _steps(self, trainer: Trainer, recorder: Recorder | None) -> Iterator[Event]:
        made, saved = None, True
        while trainer.step < trainer.total:
            try:
                over = recorder.exhausted if recorder else False
                if processes.any_of(over or (made is not None and self._stopping)):
                    recorder.leave(saved) if recorder else None
                    processes.wait()
                    return
                made = trainer.advance()
                saved = recorder.keep(made) if recorder else True
            except TrainingFailed as failure:
                gone_back = recorder.rewind(failure) if recorder else None
                if gone_back is None:
                    raise
                saved = True
                yield gone_back
                continue
            try:
                yield Stepped(made)
            except GeneratorExit:  # whoever watched has left
                recorder.leave(saved) if recorder else None
                raise


def _nothing_better(run: Run) -> str:
    best = run.best or 0
    found = run.validated(best)
    value = f", {found.figure} {found.value:.3g}" if found else ""
    return (
        f"nothing got better in {run.training.patience} looks since step {best:,}{value}: "
        f"ended at step {run.made:,}; liangyi resume {run.path} --steps N goes on"
    )
