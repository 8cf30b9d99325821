"""Several processes on this machine that train one run, and end as one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from liangyi.core import registry
from liangyi.core.errors import UserError
from liangyi.runs.run import Run

_GRACE = 30  # seconds that the others may take to end when one has failed

Process = subprocess.Popen[bytes]


def together(run: Run) -> int:
    """Train a run in as many processes as it wants, and return the exit code of the whole.

    The first process has the terminal. What the others complain about is shown where the first one
    had nothing to complain about.

    Raises:
        UserError: the run cannot be resumed, which would be told once by each.
    """
    run.data(run.source())
    run.newest(lambda line: None)
    devices = run.training.devices
    started: list[Process] = []
    with tempfile.TemporaryDirectory() as folder, _passed_on(started) as caught:
        complaints = [Path(folder) / str(number) for number in range(devices)]
        try:
            for number, address in enumerate(_addresses(devices)):
                started.append(_start(run, address, complaints[number] if number else None))
            failed = _first_failed(started)
        finally:
            _end(started)
        if caught:
            return 128 + caught[0]
        if failed is None:
            return 0
        code = started[failed].returncode
        if failed and started[0].returncode != 2:  # the first one has not said what is wrong
            sys.stderr.write(complaints[failed].read_text(errors="replace"))
        if code < 0:
            raise UserError(
                f"process {failed + 1} of {devices} was killed by signal {-code}; "
                f"liangyi resume {run.path} goes on"
            )
        return code


def _addresses(count: int) -> list[dict[str, str]]:
    """Return what each process must know to find the others, in torchrun's names."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
    }
    return [shared | {"RANK": str(number), "LOCAL_RANK": str(number)} for number in range(count)]


def resuming(run: Run) -> list[str]:
    """Return what goes on with a run after `liangyi`, the file of its model named where it must."""
    file = registry.file_of(run.kind)
    return ["resume", str(run.path), *(["--model", str(file)] if file else [])]


def _start(run: Run, address: dict[str, str], complaints: Path | None) -> Process:
    # as many threads each as there are for all would only be in each other's way
    threads = max(1, (os.cpu_count() or 1) // run.training.devices)
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ, **address}
    command = [sys.executable, "-m", "liangyi", *resuming(run)]
    if complaints is None:
        return subprocess.Popen(command, env=environment)
    with complaints.open("wb") as file:
        return subprocess.Popen(command, env=environment, stderr=file)


def _first_failed(started: Sequence[Process]) -> int | None:
    """Wait for the end of all; return which was the first to fail, None where none did."""
    while True:
        codes = [process.poll() for process in started]
        failed = [number for number, code in enumerate(codes) if code]
        if failed:
            return failed[0]
        if None not in codes:
            return None
        time.sleep(0.05)


def _end(started: Sequence[Process]) -> None:
    """Wait for those that are still there, who will not wait for ever for one that has failed."""
    ending = time.monotonic() + _GRACE
    for process in started:
        try:
            process.wait(max(0, ending - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _passed_on(started: Sequence[Process]) -> Iterator[list[int]]:
    """Pass Ctrl-C and SIGTERM on to the processes; a second Ctrl-C is not waited for."""
    caught: list[int] = []

    def pass_on(number: int, frame: object) -> None:
        impatient = bool(caught) and number == signal.SIGINT
        caught.append(number)
        for process in started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL if impatient else number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
