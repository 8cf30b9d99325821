"""The report of a run, as a page beside it."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from liangyi.core.config import help_of
from liangyi.doctor.diagnosis import verdicts_of
from liangyi.runs.cards import kept
from liangyi.runs.run import Run
from liangyi.session.layers import layers_of
from liangyi.views import report, table

_SHARE = 0.02  # of the time of a training that its page may take while it goes on
_UNSAID = ("step", "seconds", "items_per_second")


class Reporter:
    """Keeps the page of a run up to date.

    Args:
        run: the run.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._networks: dict[str, list[table.Layer]] | None = None
        self._written, self._cost = -math.inf, 0.0  # when it was last, and the seconds it took

    def refresh(self) -> None:
        """Write the page, unless that would cost the training more than a fiftieth of its time."""
        if time.perf_counter() - self._written >= self._cost / _SHARE:
            self.write()

    def write(self) -> Path:
        """Write the page and return its path."""
        if self._networks is None:  # never change
            self._networks = layers_of(self.run.build())
        began = time.perf_counter()
        path = self.run.keep_report(_page(self.run, self._networks))
        self._written = time.perf_counter()
        self._cost = self._written - began
        return path


def write_report(run: Run) -> Path:
    """Write the run's page and return its path."""
    return Reporter(run).write()


def _page(run: Run, networks: dict[str, list[table.Layer]]) -> str:
    lines = run.lines()
    last = lines[-1] if lines else {}
    shown = {
        name: f"{value:.4g}"
        for name, value in last.items()
        if name not in _UNSAID and not name.startswith("signal/")
    }
    steps = f"{int(last['step']):,} of {run.total:,}" if "step" in last else ""
    settings = {
        "model": _explained(run.plain["config"], help_of(type(run.config))),
        "data": _explained(run.plain["data"], run.data_help()),
        "training": _explained(run.plain["training"], help_of(type(run.training))),
    }
    return report.report(
        title=run.name,
        summary={
            "model": run.kind.name(),
            "data": run.data_name,
            **_best(run),
            "steps": steps,
            **shown,
        },
        lines=lines,
        samples=run.samples(),
        real=run.real(),
        networks=networks,
        settings=settings,
        versions=run.plain["versions"],
        cards=kept(run),
        verdicts=verdicts_of(run),
        nearest=run.nearest(),
        places=run.places(),
        manifold=run.manifold(),
    )


def _best(run: Run) -> dict[str, str]:
    step = run.best
    found = None if step is None else run.validated(step)
    return {"best": f"step {step:,}, {found.figure} {found.value:.4g}"} if found else {}


def _explained(values: dict[str, Any], helps: dict[str, str]) -> dict[str, tuple[Any, str]]:
    return {name: (value, helps.get(name, "")) for name, value in values.items()}
