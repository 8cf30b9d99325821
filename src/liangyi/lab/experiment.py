"""What an experiment of the lab is: one file with a question, and a function that answers it.

    @experiment("Does a discriminator reach D* = p / (p + q)?")
    def run(work: Work) -> Outcome: ...

The file's name is the experiment's. The function measures part by part (`work.kept`), so what is
done is not done again, and returns tables, a figure, what was seen in one sentence made of the
numbers, and its checks against closed forms.
"""

from __future__ import annotations

import ast
import importlib
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Le

from liangyi.core import files
from liangyi.core.config import Config, Count
from liangyi.core.errors import UserError, unknown
from liangyi.lab.table import markdown, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tell = Callable[[str], None]
_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Terms(Config):
    """How thoroughly, and where it is kept."""

    seeds: Annotated[int, Ge(1), Le(1000)] = 3  # trainings of each
    steps: Count | None = None  # of each training, instead of as many as are usual
    quick: bool = False  # one seed and few steps: whether it works, not what it says
    out: Path | None = None  # instead of runs/lab/NAME
    json: bool = False  # print it for scripts


@dataclass(frozen=True, kw_only=True)
class BenchTerms(Terms):
    """Who takes part, how thoroughly, and where it is kept."""

    models: tuple[str, ...] = ()  # others than its own: MODEL or MODEL:setting=value,...
    data: tuple[str, ...] = ()  # other data than its own


class Work:
    """What an experiment is given: its terms, who takes part, and a place for what is done.

    Args:
        terms: as they were typed.
        out: folder in which everything is kept.
        tell: is given a line for each part.
        models: that take part in a bench.
        data: that they are trained on.
    """

    def __init__(
        self,
        terms: Terms,
        out: Path,
        tell: Tell,
        models: Sequence[str] = (),
        data: Sequence[str] = (),
    ) -> None:
        self.terms, self.out, self.tell = terms, out, tell
        self.models, self.data = tuple(dict.fromkeys(models)), tuple(dict.fromkeys(data))
        self.quick = terms.quick
        self.seeds = range(1 if terms.quick else terms.seeds)

    def steps(self, usual: int, quick: int) -> int:
        """Return how many steps a training has: as typed, or as usual, or when it must be quick."""
        return self.terms.steps or (quick if self.quick else usual)

    def kept(self, name: str, measure: Callable[[], Any]) -> Any:
        """Return what is measured, as plain values; measure it where OUT does not have it yet.

        Raises:
            UserError: what is there was measured under other terms.
        """
        path = self.out / "parts" / f"{_plain(name)}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._demand_same_terms()
        if not path.exists():
            self.tell(name)
            files.write(path, json.dumps(measure()))
        return json.loads(path.read_text(encoding="utf-8"))

    def each(self, name: str, measure: Callable[[int], Any]) -> list[Any]:
        """Return what is measured with each seed."""
        return [self.kept(f"{name}, seed {seed}", partial(measure, seed)) for seed in self.seeds]

    def frames(self, name: str) -> Path:
        """Return the file for the states of a game, step by step."""
        path = self.out / "frames" / f"{_plain(name)}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _demand_same_terms(self) -> None:
        path = self.out / "parts" / "terms.json"
        terms = {"steps": self.terms.steps, "quick": self.quick}
        if not path.exists():
            files.write(path, json.dumps(terms))
        if json.loads(path.read_text(encoding="utf-8")) != terms:
            raise UserError(
                f"{self.out} holds this experiment with other steps; name another place",
                setting="out",
            )


def _plain(name: str) -> str:
    return re.sub(r"[^\w.+-]+", "-", name).strip("-")


@dataclass(frozen=True)
class Check:
    """A figure beside the one that theory gives."""

    what: str
    found: float
    wanted: float
    within: float

    @property
    def holds(self) -> bool:
        """Whether they agree."""
        return abs(self.found - self.wanted) <= self.within

    def row(self) -> list[str]:
        """Return the cells of a table."""
        verdict = "yes" if self.holds else "no"
        return [self.what, _close(self.found), _close(self.wanted), f"{self.within:g}", verdict]


def _close(value: float) -> str:
    """Write a number that is compared: with five digits, and -0 as 0."""
    return f"{value + 0.0:.5g}"


@dataclass(frozen=True)
class Outcome:
    """What came out of an experiment."""

    tables: Sequence[str]  # Markdown
    rows: list[dict[str, Any]]  # the same as plain values
    seen: str  # in one sentence, made of the numbers
    checks: Sequence[Check] = ()
    figure: Figure | None = None

    def text(self) -> str:
        """Return what is printed, as Markdown."""
        head = ("check", "found", "closed form", "within", "holds")
        checks = [markdown(head, [check.row() for check in self.checks])] if self.checks else []
        return "\n\n".join([*self.tables, *checks, self.seen]).strip() + "\n"

    def plain(self, question: str) -> dict[str, Any]:
        """Return the same for scripts."""
        checks = [vars(check) | {"holds": check.holds} for check in self.checks]
        return {"question": question, "seen": self.seen, "checks": checks, "rows": self.rows}

    def keep(self, out: Path, name: str, question: str) -> None:
        """Write table.md, table.json and the figure."""
        out.mkdir(parents=True, exist_ok=True)
        files.write(out / "table.md", self.text())
        files.write(out / "table.json", json.dumps(self.plain(question), indent=2))
        if self.figure is not None:
            drawn = io.BytesIO()
            self.figure.savefig(drawn, dpi=100)
            files.write(out / f"{name}.png", drawn.getvalue())


@dataclass(frozen=True)
class Experiment:
    """A question, and the function that answers it."""

    question: str
    run: Callable[[Work], Outcome]
    models: tuple[str, ...] = ()  # of a bench: who takes part, where nobody else is named
    data: tuple[str, ...] = ()
    quick: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of them, for --quick

    @property
    def terms(self) -> type[Terms]:
        """The settings that it has."""
        return BenchTerms if self.models else Terms

    def work(self, terms: Terms, out: Path, tell: Tell) -> Work:
        """Return what its function is given."""
        fewer = self.quick if terms.quick else {}
        usual = {"models": self.models, "data": self.data, **fewer}
        typed = {name: getattr(terms, name, ()) or usual[name] for name in ("models", "data")}
        return Work(terms, out, tell, **typed)


def experiment(
    question: str,
    *,
    models: tuple[str, ...] = (),
    data: tuple[str, ...] = (),
    quick: Mapping[str, tuple[str, ...]] | None = None,
) -> Callable[[Callable[[Work], Outcome]], Experiment]:
    """Make a function the answer to a question.

    Args:
        question: one sentence; a literal, since `liangyi lab` reads it without importing the file.
        models: of a bench, who takes part.
        data: of a bench, what they are trained on.
        quick: fewer `models` and `data`, for --quick.
    """
    return lambda run: Experiment(question, run, models, data, quick or {})


def questions() -> dict[str, str]:
    """Return all experiments and their questions, without importing any."""
    found = {}
    for path in sorted(_HERE.glob("*.py")):
        for part in ast.parse(path.read_text(encoding="utf-8")).body:
            for mark in part.decorator_list if isinstance(part, ast.FunctionDef) else ():
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "experiment":
                    found[path.stem.replace("_", "-")] = str(ast.literal_eval(mark.args[0]))
    return found


def find(name: str) -> Experiment:
    """Return an experiment.

    Raises:
        UserError: there is none of this name; the nearest are in the message.
    """
    if name not in questions():
        raise unknown("experiment", name, questions())
    module = importlib.import_module(f"liangyi.lab.{name.replace('-', '_')}")
    found: Experiment = module.run
    return found


def percent(share: float) -> str:
    """Write a share in a sentence."""
    return f"{100 * share:.0f} %"


def said(value: float) -> str:
    """Write a number in a sentence."""
    return write(value)
