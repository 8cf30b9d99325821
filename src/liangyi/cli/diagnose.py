"""`liangyi diagnose RUN`: what goes wrong in a training, the evidence, and what to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liangyi.cli.choose import Outside
from liangyi.cli.flags import parse

if TYPE_CHECKING:
    from liangyi.doctor.verdict import Advice

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
            _print("or" if number else "try", spelled(advice, run.path))


def spelled(advice: Advice, path: Path) -> str:
    """Return advice as it is typed: flags for settings, and the command that goes on."""
    value = advice.value
    values = " ".join(
        f"{v:g}" for v in (value if isinstance(value, tuple) else (value,)) if v is not None
    )
    flag = f"--{advice.setting.replace('_', '-')} {values}" if advice.setting else ""
    typed = " ".join(filter(None, (f"liangyi resume {path}" if advice.resume else "", flag)))
    return f"{typed}: {advice.text}" if typed else advice.text


def _typed(value: Any) -> str:
    """Return a value as it is typed."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _print(word: str, text: str) -> None:
    import textwrap

    if text:
        print(textwrap.fill(text, 96, initial_indent=f"  {word:5}", subsequent_indent=" " * 7,
                            break_on_hyphens=False, break_long_words=False))  # fmt: skip
