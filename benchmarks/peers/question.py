"""Ask one question at several batch sizes: the options, the tables, the file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.harness import Side, machine, measure, save, table

# what Keras has to know before it is imported
TENSORFLOW = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
TORCH = {"KERAS_BACKEND": "torch"}


def options(text: str | None, batches: Sequence[int] | None = None) -> argparse.ArgumentParser:
    """Return what every question about steps can be told; without `batches`, of one size alone."""
    words = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if batches is not None:
        words.add_argument("--batches", type=int, nargs="+", default=list(batches))
    words.add_argument("--rounds", type=int, default=5, help="at least 5 for published figures")
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--only", nargs="+", metavar="WORD", help="sides whose name has a word")
    words.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    words.add_argument("--json", type=Path, metavar="FILE", help="save everything")
    return words


def named(sides: Sequence[Side], words: Sequence[str] | None) -> list[Side]:
    """Return the sides whose name contains one of the words, or all."""
    return [side for side in sides if not words or any(word in side.name for word in words)]


def chosen(sides: Sequence[Side], words: Sequence[str] | None) -> list[Side]:
    """Return the sides whose name contains one of the words, or all; end where there is none."""
    kept = named(sides, words)
    if not kept:
        sys.exit(_nobody(sides))
    return kept


def _nobody(sides: Sequence[Side]) -> str:
    return f"no side has that in its name; there are: {', '.join(side.name for side in sides)}"


def compare(
    title: str, sides: Sequence[Side], unit: str, asked: argparse.Namespace
) -> dict[str, dict[str, object]]:
    """Measure the sides that were asked for, print their table, return it under its title.

    A question may have several tables: where nobody was asked for there is none, which is told.
    """
    kept = named(sides, asked.only)
    if not kept:
        print(f"{title}: {_nobody(sides)}", file=sys.stderr)
        return {}
    outcomes = measure(kept, asked.rounds, asked.threads)
    ours = [name for name, own in outcomes.items() if "liangyi" in name and own.rates]
    print(f"**{title}**\n\n{table(outcomes, unit, ours)}\n")
    for name, outcome in outcomes.items():
        if outcome.failed:
            print(f"{name} was left out: {outcome.failed}\n")
    sys.stdout.flush()
    return {title: {name: asdict(outcome) for name, outcome in outcomes.items()}}


def keep(asked: argparse.Namespace, tables: object) -> None:
    """Save the answer where the question said so; end where nobody was asked for."""
    if not tables:
        sys.exit("no side was measured")
    if asked.json:
        command = ["python", "-m", "benchmarks", *sys.argv[1:]]
        about = machine(asked.threads)
        save(asked.json, {"machine": about, "command": " ".join(command), "tables": tables})
