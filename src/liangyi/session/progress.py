"""What a person sees of a training: a bar on a terminal or in a notebook, and lines."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import ProgressColumn, Task, TaskID
from rich.text import Text

from liangyi.core import processes
from liangyi.runs.run import Run
from liangyi.session.events import Began, Ended, Event, Message, Rewound, Stepped
from liangyi.session.outlook import Outlook

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

    def __init__(self, run: Run, outlook: Outlook | None = None) -> None:
        self.run, self.outlook = run, outlook
        self.task = TaskID(0)
        self.bar = Bar(
            _Line(),
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
                    self.run.name, total=total, completed=made, batch=batch, metrics={}
                )
                if made >= total:
                    say(f"{path} is trained: {made} steps; liangyi resume {path} --steps N goes on")
            case Stepped(report):
                if report.step % _PACE == 0 or report.step == 1:
                    self.bar.update(self.task, metrics=report.read())
                self.bar.update(self.task, completed=report.step)
                line = self.outlook.after(report.step) if self.outlook else None
                say(line) if line else None
            case Rewound(_, step, factor, reason):
                say(f"{reason}; back to step {step} at {factor:g} of the learning rate")
                self.bar.update(self.task, completed=step)
            case Ended():
                pass


class _Line(ProgressColumn):
    """The whole line, which knows how wide the terminal is."""

    def render(self, task: Task) -> Text:
        speed = (task.speed or 0.0) * task.fields["batch"]
        line = line_of(
            _console.width, task.description, int(task.completed), int(task.total or 0), speed,
            task.time_remaining, task.fields["metrics"],
        )  # fmt: skip
        return Text(line, no_wrap=True, overflow="crop")


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
