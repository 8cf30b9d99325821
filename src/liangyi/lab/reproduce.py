"""Make the figures of a record again: its trainings side by side, each on one thread, resumably."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from liangyi.core.errors import UserError
from liangyi.lab.records import Record, Row, words_of
from liangyi.runs.cards import kept
from liangyi.runs.run import Run

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Training:
    """One row with one seed, in a folder of its own."""

    row: Row
    seed: int
    path: Path

    def commands(self) -> list[list[str]]:
        """Return what is left to do, as words after `liangyi`."""
        train, score = words_of(self.row)
        left = []
        if not (self.path / "config.json").exists():
            left.append(["train", *train, "--seed", str(self.seed), "--out", str(self.path)])
        elif Run(self.path).made < Run(self.path).total:
            left.append(["resume", str(self.path)])
        if score is not None and not (self.path / "scores.json").exists():
            left.append(["score", str(self.path), *score])
        return left

    def figures(self, columns: tuple[str, ...]) -> dict[str, float]:
        """Return the figures that were found; a card comes before a figure of the log."""
        run = Run(self.path)
        lines = run.lines()
        last = lines[-1] if lines else {}
        cards = {card.metric: card.value for card in kept(run)}
        found = {column: cards.get(column, last.get(column)) for column in columns}
        return {column: value for column, value in found.items() if value is not None}


def trainings(record: Record, name: str, out: Path) -> list[Training]:
    """Return all trainings of a record; every row's first seed comes before any second one."""
    place = out / name
    return [
        Training(row, seed, place / f"{number:02d}-seed-{seed}")
        for seed in record.seeds
        for number, row in enumerate(record.rows)
    ]


def reproduced(
    record: Record, name: str, out: Path, tell: Tell, workers: int
) -> dict[str, dict[str, list[float]]]:
    """Do what is left of a record and return its values: row -> column -> seeds.

    Raises:
        UserError: a command failed.
    """
    every = trainings(record, name, out)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for problem in pool.map(lambda one: _done(one, tell), every):
            if problem:
                raise UserError(problem)
    values: dict[str, dict[str, list[float]]] = {}
    for one in every:
        row = values.setdefault(one.row.name, {})
        for column, value in one.figures(record.columns).items():
            row.setdefault(column, []).append(value)
    return values


def _done(one: Training, tell: Tell) -> str:
    """Run a training's commands; return what went wrong."""
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    for words in one.commands():
        tell(f"{one.row.name}, seed {one.seed}: liangyi {' '.join(words)}")
        command = [sys.executable, "-m", "liangyi", *words]
        ended = subprocess.run(
            command, env={**os.environ, **threads}, capture_output=True, text=True
        )
        if ended.returncode:
            last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
            return f"liangyi {' '.join(words)} failed: {last}"
    return ""
