"""Records: every figure in a page, with the commands that make it again.

A record is a JSON file: the trainings (a row each, once for every seed), the figures taken from
them (cards, or names of the log's last line), the budget, the machine, the commit, and the values
that were found. Pages take their tables from it:

    <!-- record NAME -->
    <!-- /record -->
"""

from __future__ import annotations

import functools
import json
import platform
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import pydantic
from annotated_types import Len

from liangyi.core import files
from liangyi.core.errors import UserError, unknown
from liangyi.lab.table import Summary, markdown

_MARK = re.compile(r"(<!-- record ([\w-]+) -->\n).*?(<!-- /record -->)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of training: a row of the table."""

    name: str
    train: str  # words after `liangyi train`, without --seed and --out
    score: str | None = None  # words after `liangyi score RUN`; None: it is not scored


@dataclass(frozen=True, kw_only=True)
class Record:
    """Figures, and how they were made."""

    __pydantic_config__ = pydantic.ConfigDict(extra="forbid", strict=True)

    about: str  # one sentence
    rows: Annotated[tuple[Row, ...], Len(1)]
    columns: tuple[str, ...]  # cards by their metric, or figures of the log's last line
    seeds: tuple[int, ...]
    budget: str = ""  # how long that takes, in words
    machine: str = ""
    commit: str = ""
    made: str = ""  # the day
    values: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)

    def table(self) -> str:
        """Return the figures as a Markdown table: mean ± half of the 95 % interval over seeds."""
        rows = []
        for row in self.rows:
            found = self.values.get(row.name, {})
            sums = [Summary(tuple(found[c])) if found.get(c) else None for c in self.columns]
            rows.append([f"`{row.name}`", *("" if one is None else str(one) for one in sums)])
        return markdown(("", *self.columns), rows)

    def terms(self) -> str:
        """Say in one line on what the figures stand."""
        seeds = "one seed" if len(self.seeds) == 1 else f"{len(self.seeds)} seeds"
        parts = [seeds, self.budget, self.machine, f"commit {self.commit}", self.made]
        return ", ".join(part for part in parts if part and part != "commit ")


@functools.cache
def _adapter() -> pydantic.TypeAdapter[Record]:
    return pydantic.TypeAdapter(Record)


def names(folder: Path) -> list[str]:
    """Return the names of the records in a folder."""
    return sorted(path.stem for path in folder.glob("*.json"))


def read(folder: Path, name: str) -> Record:
    """Return a record.

    Raises:
        UserError: there is none of this name, or it is damaged.
    """
    if name not in names(folder):
        raise unknown("record", name, names(folder))
    plain = files.read_json(folder / f"{name}.json")
    try:
        return _adapter().validate_json(json.dumps(plain))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"the record {name} is damaged: {where}: {first['msg']}") from None


def write(folder: Path, name: str, record: Record) -> None:
    """Keep a record."""
    folder.mkdir(parents=True, exist_ok=True)
    text = _adapter().dump_json(record, indent=2).decode()
    files.write(folder / f"{name}.json", text + "\n")


def filled(page: str, records: Mapping[str, Record]) -> str:
    """Return a page with the tables of its records.

    Raises:
        UserError: a record that it wants is not there.
    """

    def put(found: re.Match[str]) -> str:
        name = found[2]
        if name not in records:
            raise unknown("record", name, records)
        record = records[name]
        below = f"`liangyi reproduce {name}`: {record.terms()}."
        return f"{found[1]}{record.table()}\n\n{below}\n{found[3]}"

    return _MARK.sub(put, page)


def with_values(
    record: Record, values: Mapping[str, Mapping[str, Sequence[float]]], day: str
) -> Record:
    """Return a record with new figures, of this machine and commit."""
    kept = {row: {c: tuple(v) for c, v in found.items()} for row, found in values.items()}
    return replace(record, values=kept, machine=machine(), commit=commit(), made=day)


def machine() -> str:
    """Return in words what this machine is."""
    import os

    kind, flags = platform.machine(), ""
    with_info = Path("/proc/cpuinfo")
    if with_info.exists():
        text = with_info.read_text(errors="replace")
        kind = (re.findall(r"model name\s*: (.+)", text) or [kind])[0]
        flags = next((f" ({flag})" for flag in ("amx_bf16", "avx512f", "avx2") if flag in text), "")
    return f"{kind}{flags}, {os.cpu_count()} cores"


def commit() -> str:
    """Return the commit of the sources, nothing where there is none."""
    words = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def words_of(row: Row) -> tuple[list[str], list[str] | None]:
    """Return the words of a row's training and of its score."""
    return shlex.split(row.train), None if row.score is None else shlex.split(row.score)


def plain(record: Record) -> dict[str, Any]:
    """Return the plain form for scripts."""
    found: dict[str, Any] = _adapter().dump_python(record, mode="json")
    return found
