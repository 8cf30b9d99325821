"""`liangyi rank RUN FILE`: the documents of each query in order, or what to recommend to users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liangyi.core.config import Config, Count

_ABOUT = (
    "The file holds documents in SVMlight's form (GRADE qid:QUERY 1:FEATURE ...), which are called "
    "by their lines. For a run on users and items it is a table of users and the items to choose "
    "from, or of users alone, who choose from all that they are not known to have. Without a file "
    "it is held-out queries."
)
_SHOWN = 200  # rows of a table for people


@dataclass(frozen=True, kw_only=True)
class Rank(Config):
    """What is told and where it goes."""

    model: str = ""  # the file of the run's model, for a run of ./my_ranker.py
    top: Count | None = 10  # documents of each query; none: all
    newest: bool = False  # the newest weights, also where older ones were found to be better
    out: Path | None = None  # write all into FILE.csv or FILE.json instead of printing it
    json: bool = False  # print all for scripts


def main(words: Sequence[str]) -> None:
    """Rank, and print or write the order."""
    import json

    from liangyi.cli.choose import named, run_of, value_of, weights_of
    from liangyi.cli.flags import parse
    from liangyi.cli.watch import say
    from liangyi.core.counts import many
    from liangyi.core.verbs import demand_verb
    from liangyi.use.ranking import held_out, of_file, ranked
    from liangyi.use.tables import demand_table, write_table

    name, rest = named(words, "rank")
    file = rest[0] if rest and not rest[0].startswith("-") else None
    args = parse(Rank, rest[file is not None :], "rank RUN [FILE]", _ABOUT)
    if args.out:
        demand_table(args.out)
    run = run_of(name, value_of(words, "--model") or "")
    demand_verb(run.kind, "rank")
    model = run.model(say, weights_of(run, args.newest))
    asked = held_out(run, model) if file is None else of_file(run, model, file)
    rows = ranked(model, asked, args.top)
    if args.out:
        write_table(rows, args.out)
    if args.json:
        print(json.dumps(rows, indent=2))
    elif args.out:
        print(f"{many(len(rows), 'row')}: {args.out}")
    else:
        print(_lines(rows))
        if len(rows) > _SHOWN:
            say(f"the first {_SHOWN} of {many(len(rows), 'row')}; -o FILE.csv has all")


def _lines(rows: Sequence[dict[str, Any]]) -> str:
    """Return the first rows as a table; a query is named where it begins."""
    from liangyi.views import text

    shown, before = text.table(), None
    for column in rows[0]:
        shown.add_column(column, justify="left" if column in ("query", "document") else "right")
    for row in rows[:_SHOWN]:
        cells = {**row, "query": "" if row["query"] == before else row["query"],
                 "score": f"{row['score']:.4g}"}  # fmt: skip
        before = row["query"]
        shown.add_row(*(text.words(str(cell)) for cell in cells.values()))
    return text.rendered(shown)
