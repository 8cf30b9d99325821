"""Records: the figures of a page, kept with the commands that make them again.

A record is a JSON file of one of two kinds: trainings, each made once for every seed, and the
figures taken from them; or commands that print their table themselves. With them it keeps the
budget, the machine, the commit and the day. A page takes its figures from records:

    <!-- record NAME -->
    <!-- /record -->
"""

from __future__ import annotations

import functools
import json
import math
import os
import platform
import re
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pydantic
from annotated_types import Len

from liangyi.core import files
from liangyi.core.errors import UserError, unknown
from liangyi.lab.table import Summary, markdown

_BLOCK = re.compile(r"<!-- record ([\w-]+) -->\n.*?<!-- /record -->", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Record(ABC):
    """Figures, and how they were made."""

    __pydantic_config__ = pydantic.ConfigDict(extra="forbid", strict=True)

    about: str  # one sentence
    budget: str  # how much work it is, in words
    machine: str = ""
    commit: str = ""
    made: str = ""  # the day

    @abstractmethod
    def commands(self) -> list[str]:
        """Return what makes it, as people type it."""

    @abstractmethod
    def table(self) -> str:
        """Return the figures as Markdown; empty before they were made."""

    def block(self, name: str) -> str:
        """Return what a page shows of it: commands, figures, and on what they stand."""
        lines = "".join(f"    {line}\n" for line in self.commands())
        terms = ", ".join(part for part in (self.budget, self.machine, self.commit) if part)
        return (
            f"{lines}\n{self.table()}\n\nMade on {self.made} (`liangyi reproduce {name}`): {terms}."
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of training: a row of the table."""

    name: str
    train: str  # words after `liangyi train`, without --seed and --out
    score: str | None = None  # words after `liangyi score RUN`; None: it is not scored


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one training gave."""

    row: str
    seed: int
    figures: Mapping[str, float | None]  # one for each column; None where it is no finite number
    cards: tuple[Mapping[str, Any], ...] = ()  # whole, with intervals, floors and conditions


@dataclass(frozen=True, kw_only=True)
class Trainings(Record):
    """Trainings, each made for every seed."""

    rows: Annotated[tuple[Row, ...], Len(1)]
    columns: Annotated[tuple[str, ...], Len(1)]  # cards by their metric, or figures of the log
    seeds: Annotated[tuple[int, ...], Len(1)]
    found: tuple[Found, ...] = ()

    def commands(self) -> list[str]:
        """Return the commands of the first seed; the others are told beside."""
        first, *others = map(str, self.seeds)
        more = f"  # and {', '.join(others)}" if others else ""
        trained = [f"liangyi train {row.train} --seed {first}{more}" for row in self.rows]
        scored = dict.fromkeys(row.score for row in self.rows if row.score is not None)
        return trained + [f"liangyi score RUN {words}".strip() for words in scored]

    def table(self) -> str:
        """Return a row for each kind: means over the seeds ± half of their 95 % interval."""
        if not self.found:
            return ""
        rows = []
        for row in self.rows:
            own = [found.figures for found in self.found if found.row == row.name]
            cells = [str(Summary(tuple(_number(one.get(c)) for one in own))) for c in self.columns]
            rows.append([f"`{row.name}`", str(len(own)), *cells])
        return markdown(("", "seeds", *self.columns), rows)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


@dataclass(frozen=True, kw_only=True)
class Printed(Record):
    """Commands that print their figures themselves."""

    # as they are typed in a checkout; {out} is a folder of the command's own, kept until it is done
    typed: Annotated[tuple[str, ...], Len(1)]
    printed: tuple[str, ...] = ()  # what each of them printed
    figures: tuple[
        str, ...
    ] = ()  # that they draw in {out}: lab/NAME.png is kept there, by the pages

    def commands(self) -> list[str]:
        """Return the commands."""
        return [line.replace("{out}", "OUT") for line in self.typed]

    def table(self) -> str:
        """Return what was printed; what is no Markdown stands there as it was."""
        return "\n\n".join(map(_as_markdown, self.printed))


def _as_markdown(text: str) -> str:
    text = text.strip()
    if re.search(r"^\|", text, re.MULTILINE):
        return text
    return "\n".join(f"    {line}" for line in text.splitlines())


@functools.cache
def _adapter(kind: type[Record]) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(kind)


def names(folder: Path) -> list[str]:
    """Return the names of the records in a folder."""
    return sorted(path.stem for path in folder.glob("*.json"))


def read(folder: Path, name: str) -> Trainings | Printed:
    """Return a record.

    Raises:
        UserError: there is none of this name, or it is damaged.
    """
    if name not in names(folder):
        raise unknown("record", name, names(folder))
    plain = files.read_json(folder / f"{name}.json")
    kind = Printed if isinstance(plain, dict) and "typed" in plain else Trainings
    try:
        found: Trainings | Printed = _adapter(kind).validate_json(json.dumps(plain))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"the record {name} is damaged: {where}: {first['msg']}") from None
    return found


def write(folder: Path, name: str, record: Record) -> None:
    """Keep a record."""
    folder.mkdir(parents=True, exist_ok=True)
    text = _adapter(type(record)).dump_json(record, indent=2).decode()
    files.write(folder / f"{name}.json", text + "\n")


def filled(page: str, folder: Path) -> str:
    """Return a page with the figures of the records in a folder.

    Raises:
        UserError: a record that it wants is not there.
    """

    def put(found: re.Match[str]) -> str:
        name = found[1]
        return f"<!-- record {name} -->\n{read(folder, name).block(name)}\n<!-- /record -->"

    return _BLOCK.sub(put, page)


def fill(pages: Path, folder: Path) -> list[Path]:
    """Bring all pages below a folder up to their records; return those that changed."""
    changed = []
    for page in sorted(pages.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if (new := filled(text, folder)) != text:
            files.write(page, new)
            changed.append(page)
    return changed


def machine() -> str:
    """Return in words what this machine is."""
    about = Path("/proc/cpuinfo")
    text = about.read_text(errors="replace") if about.exists() else ""
    model = re.search(r"^model name\s*: (.+)", text, re.MULTILINE)
    fast = [flag for flag in ("amx_bf16", "avx512f", "avx2") if re.search(rf"\b{flag}\b", text)]
    known = f"{model[1]} ({fast[0]})" if model and fast else platform.machine()
    return f"{known}, {os.cpu_count()} cores"


def commit() -> str:
    """Return the commit of the sources, and whether they are as committed; nothing without git."""
    here = Path(__file__).parent.parent

    def git(*words: str) -> str:
        command = ["git", "-C", str(here), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = " with changes" if git("status", "--porcelain", "--", ".") else ""
        return f"commit {git('rev-parse', '--short=10', 'HEAD')}{changed}"
    except (OSError, subprocess.CalledProcessError):
        return ""
