"""Sides of one question, each in a process of its own, measured in turn.

A side is a function `prepare(**settings)` that builds and warms what is to be measured and returns
`(work, facts)`: `work()` makes one stretch and returns how many units it did (images, steps);
`facts` is whatever else should stand in the result (its precision, its first losses). The sides
take turns, one stretch each a round, the order reversed every other round, so that other work on
the machine hits all of them; ratios are those of neighbours in one round.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

Work = Callable[[], float]
Prepared = tuple[Work, dict[str, Any]]

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NUMBA_NUM_THREADS")
_PACKAGES = ("torch", "torchvision", "keras", "tensorflow", "tensorflow-cpu", "torchgan", "numpy",
             "scipy", "pillow", "prdc", "torch-fidelity")  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One way to do the work."""

    name: str
    prepare: str  # "benchmarks.dcgan_step:plain"
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)  # before anything is imported


class SideFailed(Exception):
    """A side could not be prepared or measured; the message is its last line."""


class Worker:
    """A process that holds one side, prepared, and measures it when asked."""

    def __init__(self, side: Side, threads: int) -> None:
        self.side = side
        ours, theirs = os.pipe()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115, a pipe could fill up
        environment = os.environ | dict.fromkeys(_THREADS, str(threads)) | dict(side.environment)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.harness", side.prepare, str(theirs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # whatever the peers print
            stderr=self._errors,
            pass_fds=[theirs],
            env=environment,
            text=True,
        )
        os.close(theirs)
        self._answers = os.fdopen(ours)
        self._ask(json.dumps(dict(side.settings)))
        self.facts: dict[str, Any] = self._answer()

    def measure(self) -> tuple[float, float]:
        """Return the units and the seconds of one stretch."""
        self._ask("go")
        units, seconds = self._answer()
        return units, seconds

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # an order that nobody read
            self._process.stdin.close()
        self._answers.close()
        self._errors.close()

    def _ask(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: no answer says so
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _answer(self) -> Any:
        line = self._answers.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().strip().splitlines() or ["it said nothing"]
            raise SideFailed(said[-1])
        return json.loads(line)


@dataclass
class Outcome:
    """What one side gave."""

    rates: list[float] = field(default_factory=list)  # units a second, one a round
    facts: dict[str, Any] = field(default_factory=dict)
    failed: str = ""

    def leave_out(self, error: SideFailed) -> None:
        """Keep why it failed; rates of some rounds would stand beside those of all."""
        self.failed = str(error)
        self.rates.clear()
        print(f"  left out: {error}", file=sys.stderr)


def measure(sides: Sequence[Side], rounds: int, threads: int) -> dict[str, Outcome]:
    """Prepare all sides one after the other, then measure them in turn.

    Who fails in either is left out; the others go on.
    """
    outcomes = {side.name: Outcome() for side in sides}
    workers: list[Worker] = []
    try:
        for side in sides:
            print(f"preparing {side.name}", file=sys.stderr)
            try:
                worker = Worker(side, threads)
            except SideFailed as error:
                outcomes[side.name].leave_out(error)
                continue
            outcomes[side.name].facts = worker.facts
            workers.append(worker)
        for turn in range(rounds):
            for worker in workers if turn % 2 else workers[::-1]:
                outcome = outcomes[worker.side.name]
                if outcome.failed:
                    continue
                try:
                    units, seconds = worker.measure()
                    outcome.rates.append(units / seconds)
                except SideFailed as error:
                    outcome.leave_out(error)
            print(f"round {turn + 1} of {rounds}", file=sys.stderr)
    finally:
        for worker in workers:
            worker.close()
    return outcomes


def ratios(one: Outcome, other: Outcome) -> tuple[float, float, float]:
    """Return the quartiles of one side's rate over another's, round by round."""
    return quartiles([a / b for a, b in zip(one.rates, other.rates, strict=True)])


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the quartiles of what was measured, the median in the middle."""
    if len(values) == 1:  # one round, to see that all sides work
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def machine(threads: int) -> dict[str, Any]:
    """Say where a figure was measured."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    fast = [flag for flag in ("avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processor": names[0] if names else platform.processor(),
        "instructions": fast,
        "cores": os.cpu_count(),
        "threads": threads,
        "python": platform.python_version(),
        **versions,
    }


def table(outcomes: Mapping[str, Outcome], unit: str, ours: Sequence[str]) -> str:
    """Return Markdown: the rate of each side, and how many times as fast each of ours is."""
    ours = [name for name in ours if outcomes[name].rates]
    head = ["", unit, *(f"{name} / this" for name in ours)]
    rows = [head, ["---"] + ["---:"] * (len(head) - 1)]
    for name, outcome in outcomes.items():
        if outcome.failed:
            continue
        cells = [name, figure(statistics.median(outcome.rates))]
        for own in ours:
            low, middle, high = ratios(outcomes[own], outcome)
            cells.append("" if own == name else f"{middle:.2f} ({low:.2f} to {high:.2f})")
        rows.append(cells)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def figure(value: float) -> str:
    """Return a number of at least three digits as people read it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def save(path: Path, result: Mapping[str, Any]) -> None:
    """Write a result as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")


def _serve(prepare: str, out: int) -> None:
    module, _, function = prepare.partition(":")
    settings = json.loads(input())
    work, facts = getattr(importlib.import_module(module), function)(**settings)
    with os.fdopen(out, "w") as answers:
        answers.write(json.dumps(facts) + "\n")
        answers.flush()
        for _ in sys.stdin:
            began = time.perf_counter()
            units = work()
            answers.write(json.dumps((units, time.perf_counter() - began)) + "\n")
            answers.flush()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
