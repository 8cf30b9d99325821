"""Commands in a forked process: everything is imported already, and nothing can hang the tests."""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from liangyi.cli import main

PATIENCE = 90  # seconds after which a command hangs; the machine may have much else to do


class Try(NamedTuple):
    """A command, and what is done before it."""

    label: str
    prepare: Callable[[], object]
    words: list[str]


class Answer(NamedTuple):
    """What a command said to people, and how it ended; 70: by an exception."""

    label: str
    code: int
    err: str


def said(tries: Iterable[Try], folder: Path) -> list[Answer]:
    """Say commands one after the other in a folder, all in one process of their own.

    Raises:
        AssertionError: one did not end.
    """
    tries = list(tries)
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _child(tries, folder, writing)
    os.close(writing)
    answers: list[Answer] = []
    read = bytearray()
    try:
        with os.fdopen(reading, "rb", buffering=0) as lines:
            for one in tries:
                answers.append(_next(lines, read, one))
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    return answers


def _next(lines: io.FileIO, read: bytearray, one: Try) -> Answer:
    """Return the next answer; `read` keeps what the process said beyond it."""
    while b"\n" not in read:
        ready, _, _ = select.select([lines], [], [], PATIENCE)
        assert ready, f"{one.label} hangs: liangyi {' '.join(one.words)}"
        part = lines.read(2**16)
        assert part, f"{one.label} has killed the process: liangyi {' '.join(one.words)}"
        read += part
    line, _, rest = read.partition(b"\n")
    read[:] = rest
    code, err = json.loads(line)
    return Answer(one.label, code, err)


def _child(tries: list[Try], folder: Path, writing: int) -> None:
    try:
        os.chdir(folder)
        for one in tries:
            one.prepare()
            line = json.dumps(_ended(one.words)) + "\n"
            left = line.encode()
            while left:
                left = left[os.write(writing, left) :]
        signal.pause()  # whoever reads the last line ends this
    finally:
        os._exit(1)


def _ended(words: list[str]) -> tuple[int, str]:
    err = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except BaseException:
            code = 70
            traceback.print_exc()
    return code, err.getvalue()
