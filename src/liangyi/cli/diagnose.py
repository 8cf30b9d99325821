"""`liangyi diagnose RUN`: what goes wrong in a training, the evidence, and what to try."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from liangyi.cli.choose import Outside
from liangyi.cli.flags import parse

if TYPE_CHECKING:
    from liangyi.doctor.verdict import Advice
    from liangyi.runs.run import Run

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
        _print("seen", verdict.evidence)
        for number, advice in enumerate(verdict.advice):
            _print("or" if number else "try", spelled(advice, run))


def spelled(advice: Advice, run: Run) -> str:
    """Return advice as it is typed: flags for settings, and the command that goes on."""
    if advice.resume and run.state == "running":
        return "wait: it is being trained"
    words = ["liangyi", "resume", shlex.quote(str(run.path))] if advice.resume else []
    if advice.setting:
        values = advice.value if isinstance(advice.value, tuple) else (advice.value,)
        words += [f"--{advice.setting.replace('_', '-')}", *map(_typed, values)]
    typed = " ".join(words)
    return f"{typed}: {advice.text}" if typed else advice.text


def _typed(value: Any) -> str:
    """Return a value as it is typed."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _print(word: str, text: str) -> None:
    import textwrap

    if text:
        print(textwrap.fill(text, 96, initial_indent=f"  {word:5}", subsequent_indent=" " * 7,
                            break_on_hyphens=False, break_long_words=False))  # fmt: skip
