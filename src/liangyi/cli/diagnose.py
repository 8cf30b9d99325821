"""`liangyi diagnose RUN`: what goes wrong in a training, the evidence, and what to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liangyi.cli.choose import Outside
from liangyi.cli.flags import parse

_ABOUT = (
    "What goes wrong in a training: named verdicts, each with its evidence and one change to try. "
    "Reads the signals in the log and looks at the newest checkpoint."
)


@dataclass(frozen=True, kw_only=True)
class Diagnose(Outside):
    """How it is told."""

    json: bool = False  # for scripts


def main(words: Sequence[str]) -> None:
    """Examine a run and print the verdicts."""
    import json
    import textwrap

    from liangyi.cli.choose import named, run_of
    from liangyi.doctor.diagnosis import diagnose
    from liangyi.session.report import write_report

    name, rest = named(words, "diagnose")
    args = parse(Diagnose, rest, "diagnose RUN", _ABOUT)
    run = run_of(name, args.model)
    found = diagnose(run)
    write_report(run)
    if args.json:
        print(json.dumps([verdict.json() for verdict in found], indent=2))
        return
    for verdict in found:
        print(f"{verdict.name}, since step {verdict.since:,}")
        for word, text in (("seen", verdict.evidence), ("try", verdict.advice)):
            if text:
                print(textwrap.fill(text, 96, initial_indent=f"  {word:5}",
                                    subsequent_indent=" " * 7))  # fmt: skip
