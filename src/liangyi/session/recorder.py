"""What is written beside a training: log, pictures, signals, checkpoints, the report."""

from __future__ import annotations

import io
import time
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from liangyi.data import Data
from liangyi.doctor.signals import Reference, signals
from liangyi.runs.checkpoint import Validated
from liangyi.runs.run import Run
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.validation import validation_of
from liangyi.session.best import look_of
from liangyi.session.events import Rewound
from liangyi.session.pictures import real_sheet_of, sheet_of
from liangyi.session.plane import plane_of
from liangyi.session.report import Reporter
from liangyi.training.trainer import Report, Trainer, TrainingFailed

_GLANCE = 2000  # held-out items looked at while training; at the end it is all of them
_KNOWN = 2500  # samples that a known law judges


class Recorder:
    """Keeps the papers of one sitting in order."""

    def __init__(self, run: Run, trainer: Trainer, data: Data, held_out: Data | None) -> None:
        self.run, self.trainer = run, trainer
        chooses = None
        if run.training.validation_pace:
            chooses = validation_of(trainer.model, data, held_out)
        # what chooses a checkpoint tells nothing about it
        self.data, self.held_out = data, chooses.held_out if chooses else held_out
        self.validate = look_of(run, trainer.model, chooses) if chooses else None
        self.exhausted = run.exhausted
        self.board = _tensorboard(run, trainer.step)
        self.real = Reference.of(trainer.model, data, self.held_out)
        self.reporter = Reporter(run)
        self.rewound_to = -1
        self.since = time.perf_counter()
        if run.training.rewind and trainer.step == 0:
            run.save(trainer)  # the first place to go back to
        lines = run.lines()
        logged = float(lines[-1].get("seconds", 0.0)) if lines else 0.0
        self.seconds = logged + trainer.means.seconds

    def keep(self, made: Report) -> bool:
        """Write what is due after a step; tell whether a checkpoint was."""
        settings, last = self.run.training, made.step == self.trainer.total
        self.trainer.means.add(made.metrics)
        shows = made.step % settings.sample_every == 0 or last
        pace = settings.examine_every
        examines = pace > 0 and (made.step % pace == 0 or last)
        pace = settings.validation_pace
        validates = self.validate is not None and (made.step % pace == 0 or last)
        saves = made.step % settings.checkpoint_every == 0 or validates or last
        logs = made.step % settings.log_every == 0 or shows or examines or validates
        if logs or saves:
            self.count_seconds()
        found = self.validate(self.trainer.averaged) if self.validate and validates else None
        if logs:
            self.log(examines, shows, last, found)
        if saves:
            self.run.save(self.trainer, found)
        if validates:
            self.exhausted = self.run.exhausted
        if last:
            self.place_codes()
            self.reporter.write()
        elif shows:
            self.reporter.refresh()
        if shows or examines or saves:
            self.since = time.perf_counter()  # looking is not training
        return saves

    def log(self, examines: bool, shows: bool, last: bool, found: Validated | None = None) -> None:
        """Write a line of the log: means, and the looks that are due."""
        line = self.line()
        if found is not None:
            line[f"validation/{found.figure}"] = found.value
        if examines:
            line |= signals(self.trainer.model, self.trainer.averaged, self.real)
        if shows:
            line |= self.look(whole=last)
        self.run.log(line)
        if self.board:
            for name in line.keys() - {"step"}:
                self.board.add_scalar(name, line[name], self.trainer.step)

    def leave(self, saved: bool) -> None:
        """Write what whoever stops wants to find: a checkpoint of this step, and the report."""
        if not saved:
            self.count_seconds()
            self.run.save(self.trainer)
        self.place_codes()
        self.reporter.write()

    def place_codes(self) -> None:
        """Draw where pictures lie in the code, where that can be seen."""
        found = plane_of(self.trainer.averaged, self.held_out or self.data)
        if found is not None:
            self.run.keep_codes(found.places, found.manifold)

    def rewind(self, failure: TrainingFailed) -> Rewound | None:
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
                self.reporter.write()
            return None
        saved = run.saved()
        if len(saved) > 1 and saved[0] == self.rewound_to:
            run.forget_after(saved[1])
        run.restore(trainer, lambda line: None)
        run.forget_after(trainer.step)
        trainer.slowed, self.rewound_to = slowed, trainer.step
        run.save(trainer, run.validated(trainer.step))  # a resumed training goes on slowly, too
        run.log({"step": trainer.step, "rewound_from": failed_at, "learning_rate_factor": slowed})
        return Rewound(failed_at, trainer.step, slowed, str(failure))

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
        figures: dict[str, float] = {}
        if self.data.truth is not None and "sample" in model.verbs():
            known = self.data.truth(model.sample(_KNOWN))
            figures = {f"truth/{name}": value for name, value in known.items()}
        if self.held_out is not None and self.held_out.size:
            figures |= figures_on(model, self.held_out, None if whole else _GLANCE)
        if self.run.real() is None and (real := real_sheet_of(model, self.data)) is not None:
            self.run.keep_real(real)
        picture = sheet_of(model, self.held_out or self.data)
        if picture is not None:
            self.run.keep_sample(step, picture)
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
