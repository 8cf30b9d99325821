"""What a person sees of a training: a bar on a terminal or in a notebook, and lines."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

from liangyi.core import processes
from liangyi.runs.run import Run
from liangyi.session.events import Began, Ended, Event, Message, Rewound, Stepped

_console = Console(stderr=True, highlight=False, soft_wrap=True)
_PACE = 10  # steps between looks at the metrics, which wait for the device


def say(line: str) -> None:
    """Print one line for people, once however many processes there are."""
    if processes.rank() == 0:
        # rich leaves when nobody reads any more; a training goes on
        with contextlib.suppress(SystemExit):
            _console.print(line, markup=False)


class Progress:
    """Shows the events of a session as they come: `with Progress(run) as p: ... p.show(event)`."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.task = TaskID(0)
        self.bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            _Speed(),
            TextColumn("{task.fields[figures]}"),
            console=_console,
            disable=not (sys.stderr.isatty() or _console.is_jupyter) or processes.rank() != 0,
        )

    def __enter__(self) -> Progress:
        self.bar.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.bar.__exit__(kind, error, where)

    def show(self, event: Event) -> None:
        """Show one event."""
        path = self.run.path
        match event:
            case Message(text):
                say(text)
            case Began(made, total):
                batch = self.run.training.batch_size
                self.task = self.bar.add_task(
                    self.run.name, total=total, completed=made, batch=batch, figures=""
                )
                if made >= total:
                    say(f"{path} is trained: {made} steps; liangyi resume {path} --steps N goes on")
            case Stepped(report):
                if report.step % _PACE == 0 or report.step == 1:
                    known = report.read().items()
                    shown = "  ".join(f"{name} {value:.3f}" for name, value in known)
                    self.bar.update(self.task, figures=shown)
                self.bar.update(self.task, completed=report.step)
            case Rewound(_, step, factor, reason):
                say(f"{reason}; back to step {step} at {factor:g} of the learning rate")
                self.bar.update(self.task, completed=step)
            case Ended():
                pass


class _Speed(ProgressColumn):
    """Items a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed * task.fields['batch']:,.0f}/s" if task.speed else "")
