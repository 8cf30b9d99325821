"""What was seen when a run's samples were looked up among its training items: `copies.json`."""

from __future__ import annotations

import json
import math
from typing import NamedTuple

from liangyi.core import files
from liangyi.core.errors import UserError
from liangyi.runs.run import Run

_FILE = "copies.json"


class Copies(NamedTuple):
    """How many samples are near copies of training items."""

    step: int  # of the checkpoint that drew them
    share: float  # of the samples
    error: float  # standard error of the share
    expected: float  # share of held-out items that pass for copies, too


def keep_copies(seen: Copies, run: Run) -> None:
    """Write it into the run's folder.

    Raises:
        UserError: the folder cannot be written to.
    """
    try:
        files.write(run.beside(_FILE), json.dumps(seen._asdict()))
    except OSError as error:
        raise UserError(f"cannot write into {run.path}: {error.strerror}") from error


def kept_copies(run: Run) -> Copies | None:
    """Return what is in the run's folder; None: nothing sound, which the next look mends."""
    try:
        plain = files.read_json(run.beside(_FILE))
    except (UserError, OSError):
        return None
    if not isinstance(plain, dict) or plain.keys() != set(Copies._fields):
        return None
    if not all(type(value) in (int, float) and math.isfinite(value) for value in plain.values()):
        return None
    return Copies(**plain)
