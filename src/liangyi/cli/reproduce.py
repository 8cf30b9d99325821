"""`liangyi reproduce NAME`: make the figures of a record again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from liangyi.cli.flags import parse
from liangyi.core.config import Config, Count

_ABOUT = (
    "Makes the figures of a record again: its trainings, two side by side with one thread each, "
    "then its scores. Can be stopped and started again. Without NAME it lists the records."
)


@dataclass(frozen=True, kw_only=True)
class Reproduce(Config):
    """Where the records are, and what is done with them."""

    records: Path = Path("docs/records")  # folder of the records
    out: Path = Path("runs/records")  # where the trainings are kept
    seeds: Count | None = None  # only so many of its seeds
    workers: Count = 2  # trainings side by side
    keep: bool = False  # write the new figures into the record
    pages: Path | None = None  # fill the tables of the pages in this folder, and do nothing else


def main(words: Sequence[str]) -> None:
    """List, reproduce, or fill pages."""
    import dataclasses
    from datetime import UTC, datetime

    from liangyi.cli.watch import say
    from liangyi.core import files
    from liangyi.lab import records
    from liangyi.lab.reproduce import reproduced

    named = bool(words) and not words[0].startswith("-")
    args = parse(Reproduce, words[1:] if named else words, "reproduce [NAME]", _ABOUT)
    if args.pages is not None:
        every = {name: records.read(args.records, name) for name in records.names(args.records)}
        for page in sorted(args.pages.rglob("*.md")):
            text = page.read_text(encoding="utf-8")
            if (new := records.filled(text, every)) != text:
                files.write(page, new)
                print(page)
        return
    if not named:
        for name in records.names(args.records):
            print(f"{name:32} {records.read(args.records, name).about}")
        return
    record = records.read(args.records, words[0])
    if args.seeds:
        record = dataclasses.replace(record, seeds=record.seeds[: args.seeds])
    values = reproduced(record, words[0], args.out, say, args.workers)
    found = records.with_values(record, values, datetime.now(UTC).date().isoformat())
    if args.keep:
        records.write(args.records, words[0], found)
    print(found.table())
