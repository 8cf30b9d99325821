"""One sitting of a training: what happens around the steps, and where it is kept."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from liangyi.core import checkpoint, files, processes
from liangyi.core.config import Config, Training, from_plain, to_plain
from liangyi.core.devices import choose_device
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.run import Run, build
from liangyi.core.trainer import Report, Trainer, TrainingFailed
from liangyi.data import SOURCES, Batches, DataConfig, Dataset, Law, load
from liangyi.data.folder import Folder
from liangyi.doctor.signals import Reference, signals
from liangyi.measuring import test, truth_of
from liangyi.showing import picture_of, write_report

_GLANCE = 2000  # held-out items looked at while training; at the end it is all of them


def data_of(run: Run, split: str = "train") -> Dataset | Law | None:
    """Return the data that a run learns from, or is tested on; None where there is no such split.

    Raises:
        UserError: it is not there any more, or is not what the run began with.
    """
    config = from_plain(DataConfig, run.plain["data"], f"{run.path}/config.json: ")
    data = load(config, split)
    if split == "train" and data is not None and data.fingerprint != run.plain["fingerprint"]:
        raise UserError(
            f"{config.data} is not what {run.path} began with; restore it, or train a new run"
        )
    return data


def reads(run: Run) -> list[str]:
    """Return the paths that a run names and that are read when it goes on.

    Whoever made the run chose them; whoever resumes it shall know.
    """
    data, classifier = run.plain["data"], getattr(run.config, "classifier", "")
    named = [] if data["data"] in SOURCES else [data["data"]]
    named += [str(data["data_root"])] if data.get("data_root") else []
    # of a classifier of torchvision the file of its weights alone
    named += [classifier.partition("@")[2] if classifier[:12] == "torchvision:" else classifier]
    return [str(Path(path).expanduser().absolute()) for path in named if path]


def create(
    kind: type[Model],
    config: Config,
    data: DataConfig,
    training: Training,
    out: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Run:
    """Make a run, after looking at the data and building the model once.

    Nothing is left on the disk when something is wrong.

    Raises:
        UserError: the data is not there, the model cannot learn from it, or the batch is too large.
    """
    source = load(data)
    assert source is not None
    if isinstance(source, Folder):
        for line in source.findings.lines():
            tell(line)
    stream = Batches(source, kind.batch_type(source.spec), training.batch_size, device="cpu")
    training.total(stream.items)
    demand_devices(training)
    model = build(kind, config, source.spec, training.seed)
    if processes.world() == 1:
        Trainer(model, stream, training)  # it knows which settings cannot go together
    plain = to_plain(data)
    if data.data not in SOURCES:
        # a run may be resumed from another folder
        plain["data"] = str(Path(data.data).expanduser().absolute())
    return Run.create(out, kind, config, training, source.spec, plain, source.fingerprint)


def demand_devices(training: Training) -> None:
    """Make sure that the devices are there and that the batch can be shared out among them.

    Raises:
        UserError: one is not there, or it cannot.
    """
    device = choose_device(training.device)
    try:
        torch.Generator(device)
    except RuntimeError:
        raise UserError(
            f"nothing can be trained on --device {training.device}; try --device auto"
        ) from None
    there = torch.cuda.device_count() if device.type == "cuda" else os.cpu_count() or 1
    if training.devices > there:
        what = "GPUs" if device.type == "cuda" else "cores"
        raise UserError(f"--devices {training.devices}, but this machine has {there} {what}")
    workers = training.devices * training.nodes
    if training.compile == "on" and workers > 1:
        raise UserError("--compile on is for a single process; leave it out, or give --devices 1")
    if training.rewind and workers > 1:
        raise UserError("--rewind is for a single process; leave it out, or train with --devices 1")
    if training.batch_size % workers:
        raise UserError(
            f"--batch-size {training.batch_size} is no multiple of the {workers} processes "
            "that shall share it"
        )


def follow(
    run: Run,
    stop: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = lambda line: None,
    begin: Callable[[int, int], None] = lambda made, total: None,
) -> Iterator[Report]:
    """Train a run from its newest checkpoint to its end, or until `stop` says so.

    Everything of a step is on the disk before its report is yielded. When it stops early it
    finishes the step and writes a checkpoint first.

    Args:
        run: the run.
        stop: asked after each step.
        tell: is given lines for people.
        begin: is told the steps that are made already, and how many there will be in all.

    Raises:
        UserError: the run is being trained already, or its data or checkpoints are not sound.
        TrainingFailed: a loss is no longer a number; the last good checkpoint stays.
    """
    demand_devices(run.training)
    data = data_of(run)
    assert data is not None
    held_out = data_of(run, "test") if isinstance(data, Dataset) else None
    model = run.build()
    kind = model.batch_type(data.spec)
    trainer = Trainer(model, _stream(run, data, kind, model), run.training)
    first = processes.rank() == 0
    with run.lock() if first else nullcontext():
        run.restore(trainer, tell)
        began = trainer.step
        begin(began, trainer.total)
        if first:
            run.forget_after(began)
        desk = Desk(run, trainer, data, held_out) if first else None
        try:
            while trainer.step < trainer.total:
                try:
                    made = trainer.advance()
                    stopping = processes.any_of(stop())
                    if desk:
                        desk.keep(made, stopping)
                except TrainingFailed as failure:
                    if desk is None or not desk.rewound(failure, tell):
                        raise
                    continue
                processes.wait() if stopping else None
                yield made
                if stopping:
                    return
        finally:
            desk.close() if desk else None
        if desk and trainer.step == began:
            if not (run.path / "report.html").exists():
                write_report(run)  # it was killed between its last checkpoint and this
            tell(
                f"{run.path} is trained: {began} steps; liangyi resume {run.path} --steps N goes on"
            )


def _stream(run: Run, data: Dataset | Law, kind: type[Any], model: Model) -> Batches:
    device = choose_device(run.training.device)
    if processes.launched():
        device = processes.join(device)
    return Batches(
        data, kind, run.training.batch_size, run.training.seed, device, model.image_range
    )


class Desk:
    """Where the papers of one sitting are kept in order."""

    def __init__(
        self, run: Run, trainer: Trainer, data: Dataset | Law, held_out: Dataset | Law | None
    ) -> None:
        self.run, self.trainer = run, trainer
        self.data, self.held_out = data, held_out
        self.board = _tensorboard(run, trainer.step)
        self.real = Reference.of(trainer.model, data, held_out)
        self.rewound_to = -1
        self.since = time.perf_counter()
        if run.training.rewind and trainer.step == 0:
            run.save(trainer)  # the first place to go back to
        lines = run.lines()
        logged = float(lines[-1].get("seconds", 0.0)) if lines else 0.0
        self.seconds = logged + trainer.means.seconds

    def keep(self, made: Report, stopping: bool) -> None:
        """Write what is due after a step."""
        settings, last = self.run.training, made.step == self.trainer.total
        self.trainer.means.add(made.metrics)
        shows = made.step % settings.sample_every == 0 or last
        examines = any(name.startswith("signal/") for name in made.metrics)
        saves = made.step % settings.checkpoint_every == 0 or last or stopping
        logs = made.step % settings.log_every == 0 or shows or examines
        if logs or saves:
            self.count_seconds()
        if logs:
            line = self.line()
            if examines:
                moved = {name.removeprefix("signal/").removesuffix("_gradient") for name in line}
                line |= signals(self.trainer.model, self.trainer.averaged, self.real, moved)
            if shows:
                line |= self.look(whole=last)
            self.run.log(line)
            if self.board:
                for name in line.keys() - {"step"}:
                    self.board.add_scalar(name, line[name], made.step)
        if saves:
            self.run.save(self.trainer)
        if last or stopping:
            write_report(self.run)
        if shows or examines or saves:
            self.since = time.perf_counter()  # looking is not training

    def rewound(self, failure: TrainingFailed, tell: Callable[[str], None]) -> bool:
        """Go back to a healthy checkpoint at half the learning rate, where that is still allowed.

        The newest checkpoint may hold the seed of the failure: when a training that began at it
        fails again before the next one, it is given up for the one before.
        """
        run, trainer, failed_at = self.run, self.trainer, self.trainer.step
        slowed = trainer.slowed / 2
        if slowed < 0.5**run.training.rewind:
            if failed_at:  # of what never learned anything nothing stays
                line = {"step": failed_at, "signal/finite": 0.0, "seconds": round(self.seconds, 3)}
                run.log(line)
                write_report(run)
            return False
        saved = checkpoint.steps(run.path / "checkpoints")
        if len(saved) > 1 and saved[0] == self.rewound_to:
            run.forget_after(saved[1])
        run.restore(trainer, tell)
        run.forget_after(trainer.step)
        trainer.slowed, self.rewound_to = slowed, trainer.step
        run.save(trainer)  # a resumed training goes on slowly, too
        run.log({"step": trainer.step, "rewound_from": failed_at, "learning_rate_factor": slowed})
        tell(f"{failure}; back to step {trainer.step} at {slowed:g} of the learning rate")
        return True

    def close(self) -> None:
        """Close what is open; what failed has been told already."""
        if self.board:
            with suppress(OSError):
                self.board.close()

    def count_seconds(self) -> None:
        """Add up the time that training took, once the device has done what it was told."""
        self.trainer.check()
        passed = time.perf_counter() - self.since
        self.since += passed
        self.seconds += passed
        self.trainer.means.seconds += passed

    def line(self) -> dict[str, float]:
        """Return the mean of each metric over all steps since the last line.

        Stopping writes none: the steps since the last one wait in the checkpoint for those to come.
        """
        means = self.trainer.means
        speed = means.steps * self.run.training.batch_size / max(means.seconds, 1e-9)
        return {"step": self.trainer.step, **means.close(), "items_per_second": round(speed, 1),
                "seconds": round(self.seconds, 3)}  # fmt: skip

    def look(self, whole: bool) -> dict[str, float]:
        """Draw the pictures that are due and return figures on held-out data and known truth."""
        model, step = self.trainer.averaged, self.trainer.step
        figures = truth_of(model, self.data)
        if isinstance(self.held_out, Dataset):
            figures |= test(model, self.held_out, None if whole else _GLANCE)
        picture = picture_of(model, self.held_out or self.data)
        if picture is not None:
            path = self.run.path / "samples" / f"{step:08d}.png"
            path.parent.mkdir(exist_ok=True)
            files.write(path, picture)
            if self.board:
                self.board.add_image("samples", _pixels(picture), step)
        return figures


def _tensorboard(run: Run, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(run.path), purge_step=step + 1)


def _pixels(png: bytes) -> Tensor:
    import numpy as np
    from PIL import Image

    return torch.from_numpy(np.array(Image.open(io.BytesIO(png)).convert("RGB"))).permute(2, 0, 1)
