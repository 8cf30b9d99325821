"""log.jsonl: one line a report, each an object of numbers."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pydantic
from annotated_types import Gt, Lt

from liangyi.core import files, schema
from liangyi.core.errors import UserError
from liangyi.runs import older
from liangyi.runs.place import Place

LOG = "log.jsonl"


class Log:
    """What a run reports of its steps."""

    path: Path
    place: Place

    def log(self, line: Mapping[str, float]) -> None:
        """Append one line to log.jsonl."""
        self.place.demand()
        files.append(self.path / LOG, json.dumps(line) + "\n")

    def lines(self) -> list[dict[str, float]]:
        """Return the log; lines that are damaged, as the last one by a crash, are left out.

        Raises:
            UserError: it cannot be read.
        """
        return read(self.path / LOG)


def read(path: Path) -> list[dict[str, float]]:
    """Return the lines of a log; those that are damaged, as the last one by a crash, are left out.

    Raises:
        UserError: it cannot be read.
    """
    try:
        whole = files.read(path) if path.exists() else b""
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    found = (_line(text) for text in whole.splitlines())
    return [older.line(line) for line in found if line is not None]


@functools.cache
def _adapter() -> pydantic.TypeAdapter[dict[str, Any]]:
    whole = Annotated[int, Gt(-(2**63)), Lt(2**63)]
    return pydantic.TypeAdapter(dict[str, whole | float], config=schema.STRICT)


def _line(text: bytes) -> dict[str, float] | None:
    try:
        line = _adapter().validate_json(text)
    except pydantic.ValidationError:
        return None
    step = line.get("step")
    return line if isinstance(step, int) and step >= 0 else None
