"""What a person sees of a training, and how they stop it."""

from __future__ import annotations

import contextlib
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from liangyi.cli.together import together
from liangyi.core import processes
from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.core.run import Run
from liangyi.session import follow
from liangyi.showing import verdicts_of

_console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """Print one line for people, once however many processes there are."""
    if processes.rank() == 0:
        # rich leaves when nobody reads any more; a training goes on
        with contextlib.suppress(SystemExit):
            _console.print(line, markup=False)


def watch(run: Run) -> int:
    """Train a run to its end or until a signal, and return the exit code."""
    if run.training.devices * run.training.nodes > 1 and not processes.launched():
        if run.training.nodes > 1:
            raise UserError(by_torchrun(run.training, ["resume", str(run.path)]))
        return together(run)
    with _signals() as caught, _bar() as bar:
        tasks: list[TaskID] = []
        batch = run.training.batch_size

        def begin(made: int, total: int) -> None:
            tasks.append(
                bar.add_task(run.name, total=total, completed=made, batch=batch, figures="")
            )

        with writing(run):
            for made in follow(run, stop=lambda: bool(caught), tell=say, begin=begin):
                if made.step % 10 == 0 or made.step == 1:
                    shown = "  ".join(f"{name} {value:.3f}" for name, value in made.read().items())
                    bar.update(tasks[0], figures=shown)
                bar.update(tasks[0], completed=made.step)
    if caught:
        say(f"stopped; liangyi resume {run.path} goes on")
        processes.leave(128 + caught[0])
        return 128 + caught[0]
    last = run.lines()[-1] if run.lines() else {}
    figures = {k: v for k, v in last.items() if k.startswith(("test/", "truth/"))}
    say("  ".join(f"{name} {value:.4g}" for name, value in figures.items())) if figures else None
    verdicts = ", ".join(verdict.name for verdict in verdicts_of(run))
    say(f"doctor: {verdicts} (liangyi diagnose {run.path})") if verdicts else None
    say(f"done: {run.path / 'report.html'}")
    processes.leave()
    return 0


@contextmanager
def writing(run: Run) -> Iterator[None]:
    """Say of what cannot be written that it belongs to a run, which lives on."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write into {run.path}: {error.strerror or error}") from error


class _Speed(ProgressColumn):
    """Items a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed * task.fields['batch']:,.0f}/s" if task.speed else "")


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        _Speed(),
        TextColumn("{task.fields[figures]}"),
        console=_console,
        disable=not sys.stderr.isatty() or processes.rank() != 0,
    )


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM instead of dying; a second Ctrl-C is not waited for."""
    caught: list[int] = []

    def catch(number: int, frame: object) -> None:
        # torchrun passes on the Ctrl-C that its processes have had from the keyboard already
        if caught and number == signal.SIGINT and not processes.launched():
            raise KeyboardInterrupt
        caught.append(number)

    before = {number: signal.signal(number, catch) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def by_torchrun(training: Training, words: Sequence[str]) -> str:
    """Return the advice how to start `liangyi WORDS` on several machines."""
    return (
        f"start this on each of the {training.nodes} machines: torchrun --nnodes {training.nodes} "
        f"--nproc-per-node {training.devices} --rdzv-backend c10d "
        f"--rdzv-endpoint FIRST_HOST:29400 -m liangyi {shlex.join(words)}"
    )
