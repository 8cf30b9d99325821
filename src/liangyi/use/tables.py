"""Tables for people's spreadsheets and for scripts: CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from liangyi.core import files
from liangyi.core.errors import UserError

ENDINGS = (".csv", ".json")


def demand_table(out: Path) -> None:
    """Make sure that a table can be written into a file of this name.

    Raises:
        UserError: its ending says something else.
    """
    if out.suffix.lower() not in ENDINGS:
        endings = " or ".join(ENDINGS)
        raise UserError(f"cannot write a table to {out}; its name may end in {endings}")


def write_table(rows: Sequence[dict[str, Any]], out: Path) -> None:
    """Write rows of the same names.

    Raises:
        UserError: the file's ending is of no table.
    """
    demand_table(out)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    csv_wanted = out.suffix.lower() == ".csv"
    files.write(out, stream.getvalue() if csv_wanted else json.dumps(rows, indent=2))
