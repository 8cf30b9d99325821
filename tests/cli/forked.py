"""Commands in a forked process: everything is imported already, and nothing can hang the tests."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from liangyi.cli import main
from liangyi.session import progress

PATIENCE = 60  # seconds after which a command hangs


class Hung(AssertionError):
    """A command did not end."""


def said(words: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run `liangyi WORDS` in a folder and return its exit code and what it said to people.

    Raises:
        Hung: it did not end.
    """
    err = folder.with_name(f"{folder.name}.err")
    gc.collect()
    process = os.fork()
    if process == 0:
        _child(words, folder, err)
    ending = time.monotonic() + PATIENCE
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), err.read_text(errors="replace")
        if time.monotonic() > ending:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            raise Hung(f"liangyi {' '.join(words)}: {err.read_text(errors='replace')}")
        time.sleep(0.002)


def _child(words: Sequence[str], folder: Path, err: Path) -> None:
    code = 70
    try:
        os.chdir(folder)
        nowhere = os.open(os.devnull, os.O_RDWR)
        there = os.open(err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number, handle in enumerate((nowhere, nowhere, there)):
            os.dup2(handle, number)
        _rewire()
        code = main(words)
    except BaseException:
        traceback.print_exc()
    finally:
        _flush()
        os._exit(code)


def _rewire() -> None:
    """Let Python's own streams go where the process's do, not where pytest caught them."""
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    progress._console.file = sys.stderr


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
