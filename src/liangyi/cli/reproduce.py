"""`liangyi reproduce NAME`: make the figures of a record again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from liangyi.cli.flags import parse
from liangyi.core.config import Config, Count

_ABOUT = (
    "Makes the figures of a record again: its trainings, side by side with one thread each, and "
    "their scores, or its commands. Can be stopped and started again. Without NAME it lists the "
    "records."
)


@dataclass(frozen=True, kw_only=True)
class Reproduce(Config):
    """Where the records are, and what is done with them."""

    records: Path = Path("docs/records")  # folder of the records; the pages lie around it
    out: Path = Path("runs/records")  # where the work is kept
    workers: Count = 2  # trainings side by side
    keep: bool = False  # write the new figures into the record and the pages
    fill: bool = False  # only bring the pages up to their records


def main(words: Sequence[str]) -> None:
    """List, reproduce, or fill pages."""
    from liangyi.cli.watch import say
    from liangyi.core import files
    from liangyi.lab import records
    from liangyi.lab.reproduce import figures, reproduced, same

    name = words[0] if words and not words[0].startswith("-") else ""
    args = parse(Reproduce, words[bool(name) :], "reproduce [NAME]", _ABOUT)
    if name:
        record = records.read(args.records, name)
        found = reproduced(record, args.out / name, say, args.workers)
        print(found.table())
        if not same(found, record) and record.made:
            print(f"\nThe record, made on {record.made}, says:\n\n{record.table()}")
        if args.keep:
            records.write(args.records, name, found)
            drawn = figures(found, args.out / name) if isinstance(found, records.Printed) else {}
            for place, figure in drawn.items():
                files.write(args.records.parent / place, figure.read_bytes())
    elif not args.fill:
        for known in records.names(args.records):
            print(f"{known:32} {records.read(args.records, known).about}")
    if args.keep or args.fill:
        for page in records.fill(args.records.parent, args.records):
            say(f"filled {page}")
