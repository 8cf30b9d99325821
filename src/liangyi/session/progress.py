"""What a person sees of a training: a bar on a terminal or in a notebook, and lines."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from time import monotonic as _now
from types import TracebackType
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

from liangyi.core import processes
from liangyi.core.counts import many
from liangyi.runs.run import Run
from liangyi.session.events import Began, Ended, Event, Message, Rewound, Stepped
from liangyi.session.outlook import Outlook
from liangyi.views.cells import progress_cell

T = TypeVar("T")

_console = Console(stderr=True, highlight=False, soft_wrap=True)
_KNOWN = 11  # steps from which on the time that work will take is known
_PATIENCE = 10.0  # seconds without a word
_PACE = 10  # steps between looks at the metrics, which wait for the device
_MOMENT = 0.5  # seconds between two states of a notebook's line


def watched() -> bool:
    """Tell whether somebody sees a bar: on a terminal, or in a notebook."""
    return sys.stderr.isatty() or _console.is_jupyter


def say(line: str) -> None:
    """Print one line for people, once however many processes there are."""
    if processes.rank() == 0:
        # rich leaves when nobody reads any more; a training goes on
        with contextlib.suppress(SystemExit):
            _console.print(line, markup=False)


def track(steps: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Show how far long work is: a bar on a terminal, elsewhere a line every ten seconds.

    What it will take is said as soon as a few steps have told.

    Args:
        steps: the work, a step at a time.
        total: how many there will be.
        what: is done.
    """
    seen = sys.stderr.isatty() and not _console.is_jupyter  # there rich wants widgets
    columns = (
        TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(),
        TimeRemainingColumn(), TextColumn("left"),
    )  # fmt: skip
    began = told = _now()
    with Bar(*columns, console=_console, disable=not seen or processes.rank() != 0) as bar:
        task = bar.add_task(what, total=total)
        for made, step in enumerate(steps, 1):
            yield step
            bar.update(task, completed=made)
            now = _now()
            if made == 1:
                began = now  # the first step takes longer, and tells nothing of the others
                continue
            left = (now - began) / (made - 1) * (total - made)
            if made == _KNOWN and left > 1:
                say(f"{what}: about {left:.0f} s")
            elif not seen and now - told > _PATIENCE:
                say(f"{what}: {made} of {total}, {left:.0f} s to go")
                told = now


class Progress:
    """Shows the events of a session as they come: `with Progress(run) as p: ... p.show(event)`."""

    def __init__(self, run: Run, outlook: Outlook | None = None) -> None:
        self.run, self.outlook = run, outlook
        self.task = TaskID(0)
        self.bar = Bar(
            _Line(),
            console=_console,
            # in notebooks rich draws with widgets, which not all of them have
            disable=not sys.stderr.isatty() or _console.is_jupyter or processes.rank() != 0,
        )
        self.cell = _Cell() if _console.is_jupyter and processes.rank() == 0 else None

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
                    self.run.name, total=total, completed=made, batch=batch, metrics={}
                )
                if made >= total:
                    steps = many(made, "step")
                    say(f"{path} is trained: {steps}; liangyi resume {path} --steps N goes on")
            case Stepped(report):
                if report.step % _PACE == 0 or report.step == 1:
                    self.bar.update(self.task, metrics=report.read())
                self.bar.update(self.task, completed=report.step)
                self._move(at_once=report.step == self.run.total)
                line = self.outlook.after(report.step) if self.outlook else None
                say(line) if line else None
            case Rewound(_, step, factor, reason):
                say(f"{reason}; back to step {step} at {factor:g} of the learning rate")
                self.bar.update(self.task, completed=step)
            case Ended():
                self._move(at_once=True)

    def _move(self, at_once: bool) -> None:
        """Bring a notebook's line up to date, where it is time for that."""
        if self.cell and self.bar.tasks:
            (task,) = self.bar.tasks
            self.cell.move(
                _told(task, _ROOMY - 1),  # the cell has a bar of its own
                task.percentage / 100,
                at_once,
            )


class _Cell:
    """One line in a notebook that replaces itself; it wants no widgets."""

    def __init__(self) -> None:
        self.handle: Any = None
        self.moved = 0.0

    def move(self, line: str, share: float, at_once: bool) -> None:
        """Show another state, unless the last one is too young."""
        if _now() - self.moved < _MOMENT and not at_once:
            return
        from IPython.display import display  # of the notebook itself: nobody else comes here

        self.moved = _now()
        shown = {"text/plain": line, "text/html": progress_cell(line, share)}
        if self.handle is None:
            self.handle = display(shown, raw=True, display_id=True)
        else:
            self.handle.update(shown, raw=True)


class _Line(ProgressColumn):
    """The whole line, which knows how wide the terminal is."""

    def render(self, task: Task) -> Text:
        return Text(_told(task, _console.width), no_wrap=True, overflow="crop")


def _told(task: Task, width: int) -> str:
    speed = (task.speed or 0.0) * task.fields["batch"]
    return line_of(
        width, task.description, int(task.completed), int(task.total or 0), speed,
        task.time_remaining, task.fields["metrics"],
    )  # fmt: skip


_NAME = 24  # most letters of a run's name
_BAR = 16
_ROOMY = 100  # columns from which on a bar is drawn, too


def line_of(
    width: int,
    name: str,
    made: int,
    total: int,
    speed: float,
    left: float | None,
    metrics: Mapping[str, float],
) -> str:
    """Return a line of at most `width` columns.

    Steps, share, time left and speed come first, then the name, a bar, and as many metrics as fit.

    Args:
        width: columns.
        name: of the run.
        made: steps.
        total: steps in all.
        speed: items a second; 0: not known yet.
        left: seconds; None: not known yet.
        metrics: the newest figures; the doctor's signals are left out.
    """
    share = made / max(total, 1)
    parts = [
        f"{made:,}/{total:,}",
        f"{int(100 * share):3d}%",
        "-:--:-- left" if left is None else f"{_clock(left)} left",
        f"{speed:,.0f} items/s" if speed else "- items/s",
    ]
    if width >= _ROOMY:
        full = round(_BAR * share)
        parts.insert(0, "━" * full + "╌" * (_BAR - full))
    room = min(_NAME, width - len("  ".join(parts)) - 2)
    if room >= 4:
        parts.insert(0, name if len(name) <= room else name[: room - 1] + "…")
    line = "  ".join(parts)
    for metric, value in metrics.items():
        more = f"  {metric} {value:.3g}"
        if metric.startswith("signal/"):
            continue
        if len(line) + len(more) > width:
            break
        line += more
    return line[:width]


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{second:02d}"
