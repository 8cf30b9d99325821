"""Make the figures of a record again, in a folder where they can be stopped and gone on with."""

from __future__ import annotations

import hashlib
import itertools
import math
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from liangyi.core import files
from liangyi.core.errors import UserError
from liangyi.lab.records import Found, Printed, Record, Row, Trainings, commit, machine
from liangyi.runs.cards import kept
from liangyi.runs.run import Run

Tell = Callable[[str], None]
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def reproduced(
    record: Trainings | Printed, place: Path, tell: Tell, workers: int = 2
) -> Trainings | Printed:
    """Do what is left of a record and return it with its new figures.

    Args:
        record: what is to be made.
        place: folder in which what is done stays.
        tell: is given a line for each command.
        workers: trainings side by side, each on one thread.

    Raises:
        UserError: a command failed.
    """
    place.mkdir(parents=True, exist_ok=True)
    began = _began(place)
    if isinstance(record, Printed):
        printed = [_printed(line, place, tell) for line in record.typed]
        record = replace(record, printed=tuple(printed))
    else:
        record = replace(record, found=tuple(_trained(trainings(record, place), tell, workers)))
    day = datetime.now(UTC).date().isoformat()
    now = commit()
    known = now if began == now else f"{began} to {now}"
    return replace(record, machine=machine(), commit=known, made=day)


def _began(place: Path) -> str:
    """Return the commit at which the work in a folder began."""
    path = place / "commit"
    if not path.exists():
        files.write(path, commit())
    return path.read_text(encoding="utf-8")


def same(one: Record, other: Record) -> bool:
    """Whether two records show the same figures."""
    return one.table() == other.table()


# trainings


@dataclass(frozen=True)
class Training:
    """One row with one seed, in a folder of its own."""

    row: Row
    seed: int
    columns: tuple[str, ...]
    path: Path

    def left(self) -> list[list[str]]:
        """Return what is left to do, as words after `liangyi`."""
        words = []
        if not Run.there(self.path):
            options = ["--seed", str(self.seed), "--out", str(self.path)]
            words.append(["train", *shlex.split(self.row.train), *options])
        elif Run(self.path).state != "done":
            words.append(["resume", str(self.path)])
        scored = Run.there(self.path) and Run(self.path).scores.exists()
        if self.row.score is not None and not scored:
            words.append(["score", str(self.path), *shlex.split(self.row.score)])
        return words

    def found(self) -> Found:
        """Return its figures; a card comes before a figure of the log.

        Raises:
            UserError: it has none of a name.
        """
        run = Run(self.path)
        cards = kept(run)
        known = run.lines()[-1] | {card.metric: card.value for card in cards}
        for column in self.columns:
            if column not in known:
                raise UserError(f"{self.path} has no figure {column}; it has {', '.join(known)}")
        figures = {c: known[c] if math.isfinite(known[c]) else None for c in self.columns}
        return Found(row=self.row.name, seed=self.seed, figures=figures,
                     cards=tuple(card.json() for card in cards))  # fmt: skip


def trainings(record: Trainings, place: Path) -> list[Training]:
    """Return all trainings of a record; every row's first seed comes before any second one."""
    return [
        Training(row, seed, record.columns, place / f"{_short(f'{row.train} {row.score}')}-{seed}")
        for seed in record.seeds
        for row in record.rows
    ]


def _short(words: str) -> str:
    """Name a command: what another one made must not be taken for its work."""
    return hashlib.sha256(words.encode()).hexdigest()[:10]


def _trained(every: list[Training], tell: Tell, workers: int) -> list[Found]:
    pool = ThreadPoolExecutor(workers)
    try:
        # asked in their order: the first that failed is told, and none is begun after it
        for done in [pool.submit(_finish, one, tell) for one in every]:
            done.result()
    finally:
        pool.shutdown(cancel_futures=True)
    return [one.found() for one in every]


def _finish(one: Training, tell: Tell) -> None:
    for words in one.left():
        tell(f"liangyi {shlex.join(words)}")
        command = [sys.executable, "-m", "liangyi", *words]
        ended = subprocess.run(
            command, env=os.environ | _ONE_THREAD, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise UserError(f"liangyi {shlex.join(words)}: {last}")


# commands that print


def _printed(line: str, place: Path, tell: Tell) -> str:
    """Return what a command prints; it is run where that is not kept yet."""
    kept_at = place / f"{_short(line)}.txt"
    if not kept_at.exists():
        tell(line)
        words = [word.replace("{out}", str(place / _short(line))) for word in shlex.split(line)]
        variables = dict(word.split("=", 1) for word in itertools.takewhile(_sets, words))
        command = [*_program(words[len(variables)]), *words[len(variables) + 1 :]]
        ended = subprocess.run(
            command, env=os.environ | variables, stdout=subprocess.PIPE, text=True, check=False
        )
        if ended.returncode:
            raise UserError(f"{line} ended with {ended.returncode}")
        files.write(kept_at, ended.stdout)
    return kept_at.read_text(encoding="utf-8")


def figures(record: Printed, place: Path) -> dict[str, Path]:
    """Return where the figures of a record lie that was made in `place`, by where they are kept.

    Raises:
        UserError: its commands drew none of such a name.
    """
    found = {}
    for figure in record.figures:
        drawn = [place / _short(line) / Path(figure).name for line in record.typed]
        there = [path for path in drawn if path.exists()]
        if not there:
            raise UserError(f"the commands of this record draw no {Path(figure).name}")
        found[figure] = there[0]
    return found


def _sets(word: str) -> bool:
    """Whether a word sets a variable of the environment, as in `OMP_NUM_THREADS=1 python ...`."""
    name = word.partition("=")[0]
    return "=" in word and name.isupper() and name.isidentifier()


def _program(word: str) -> list[str]:
    """Return a command of this very Python: another one on the path may be older."""
    here = {"python": [sys.executable], "liangyi": [sys.executable, "-m", "liangyi"]}
    return here.get(word, [word])
