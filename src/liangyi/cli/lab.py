"""`liangyi lab NAME`: an experiment, its table, its figure and what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from liangyi.cli.flags import parse

if TYPE_CHECKING:
    from liangyi.lab.experiment import Outcome, Terms

_ABOUT = (
    "Can be stopped and started again at any time: what is done is kept in OUT. Tables, checks and "
    "what was seen are printed and written to OUT/table.md and OUT/table.json, the figure to "
    "OUT/NAME.png, and what happens in the plane step by step to OUT/frames."
)
_SHARED = "The same command in two terminals shares the work."


def main(words: Sequence[str]) -> None:
    """Run one experiment, or all; without a name, list them by their questions."""
    from liangyi.lab.experiment import Terms, find, questions

    if not words or words[0] in ("-h", "--help"):
        lines = "\n".join(f"  {name:22} {asked}" for name, asked in questions().items())
        print(f"usage: liangyi lab NAME ...\n\n{lines}\n  {'all':22} one after another\n\n{_ABOUT}")
        return
    name, rest = words[0], words[1:]
    if name == "all":
        terms = parse(Terms, rest, "lab all", f"All experiments, one after another. {_ABOUT}")
        _all(terms)
        return
    found = find(name)
    about = f"{found.question}\n\n{_ABOUT}"
    if found.models:
        about += f" {_SHARED}\n\nIts models: {' '.join(found.models)}"
        about += f"\n\nIts data: {' '.join(found.data)}"
    terms = parse(found.terms, rest, f"lab {name}", about)
    outcome = _run(name, terms, _place(terms, name))
    print(_shown({name: outcome}) if terms.json else outcome.text())


def _all(terms: Terms) -> None:
    from liangyi.lab.experiment import questions

    done = {}
    for name, question in questions().items():
        out = terms.out / name if terms.out else _place(terms, name)
        done[name] = _run(name, terms, out)
        if not terms.json:
            print(f"## {name}\n\n{question}\n\n{done[name].text()}")
    if terms.json:
        print(_shown(done))


def _place(terms: Terms, name: str) -> Path:
    return terms.out or Path("runs/lab") / (f"{name}-quick" if terms.quick else name)


def _run(name: str, terms: Terms, out: Path) -> Outcome:
    from liangyi.cli.watch import say
    from liangyi.lab.experiment import find

    found = find(name)
    outcome = found.run(found.work(terms, out, say))
    outcome.keep(out, name, found.question)
    return outcome


def _shown(done: dict[str, Outcome]) -> str:
    import json

    from liangyi.lab.experiment import find

    plain = {name: outcome.plain(find(name).question) for name, outcome in done.items()}
    return json.dumps(plain if len(plain) > 1 else next(iter(plain.values())), indent=2)
