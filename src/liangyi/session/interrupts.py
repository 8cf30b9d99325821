"""Ctrl-C and SIGTERM: a training finishes its step and keeps it, instead of dying."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from liangyi.core import processes


@contextmanager
def interrupts(
    stop: Callable[[], None], numbers: Sequence[int] = (signal.SIGINT, signal.SIGTERM)
) -> Iterator[list[int]]:
    """Call `stop` at each of these signals; yield those that came, in their order.

    A second Ctrl-C is not waited for. Python lets only the main thread listen; in another one
    nothing is caught.
    """
    caught: list[int] = []

    def catch(number: int, frame: object) -> None:
        # torchrun passes on the Ctrl-C that its processes have had from the keyboard already
        if caught and number == signal.SIGINT and not processes.launched():
            raise KeyboardInterrupt
        caught.append(number)
        stop()

    if threading.current_thread() is not threading.main_thread():
        numbers = ()
    before = {number: signal.signal(number, catch) for number in numbers}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
