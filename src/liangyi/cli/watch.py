"""What a person sees of a training, and how they stop it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from liangyi.core import processes
from liangyi.core.errors import UserError
from liangyi.core.run import Run
from liangyi.session import follow

_console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """Print one line for people, once however many processes there are."""
    if processes.rank() == 0:
        _console.print(line, markup=False)


def watch(run: Run) -> int:
    """Train a run to its end or until a signal, and return the exit code."""
    if run.training.devices * run.training.nodes > 1 and not processes.launched():
        _launch(run)
    with _signals() as caught, _bar() as bar:
        task = bar.add_task(run.name, total=run.training.steps, figures="")
        for made in follow(run, stop=lambda: bool(caught), tell=say):
            if made.step % 10 == 0 or made.step == 1:
                shown = "  ".join(f"{name} {value:.3f}" for name, value in made.read().items())
                bar.update(task, figures=shown)
            bar.update(task, completed=made.step)
    if caught:
        say(f"stopped; liangyi resume {run.path} goes on")
        return 128 + caught[0]
    last = run.lines()[-1] if run.lines() else {}
    figures = {k: v for k, v in last.items() if k.startswith(("test/", "truth/"))}
    say("  ".join(f"{name} {value:.4g}" for name, value in figures.items())) if figures else None
    say(f"done: {run.path / 'report.html'}")
    return 0


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
        console=_console,
        disable=not sys.stderr.isatty() or processes.rank() != 0,
    )


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM instead of dying; a second Ctrl-C is not waited for."""
    caught: list[int] = []

    def catch(number: int, frame: object) -> None:
        if caught and number == signal.SIGINT:
            raise KeyboardInterrupt
        caught.append(number)

    before = {number: signal.signal(number, catch) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _launch(run: Run) -> None:
    """Become torchrun, whose processes each resume this run."""
    devices, nodes = run.training.devices, run.training.nodes
    command = ["-m", "torch.distributed.run", "--nproc-per-node", str(devices)]
    if nodes > 1:
        words = " ".join(command[2:])
        raise UserError(
            f"start this on each of the {nodes} machines: torchrun --nnodes {nodes} {words} "
            f"--rdzv-backend c10d --rdzv-endpoint FIRST_HOST:29400 -m liangyi resume {run.path}"
        )
    # without it, gloo's restarted workers read addresses of dead ones
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
    os.execv(
        sys.executable,
        [sys.executable, *command, "--standalone", "-m", "liangyi", "resume", str(run.path)],
    )
