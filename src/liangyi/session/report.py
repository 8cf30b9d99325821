"""The report of a run, as a page beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from liangyi.core.config import help_of
from liangyi.doctor.diagnosis import verdicts_of
from liangyi.runs.cards import kept
from liangyi.runs.run import Run
from liangyi.session.layers import layers_of
from liangyi.views import report


def write_report(run: Run) -> Path:
    """Write the run's page and return its path."""
    lines = run.lines()
    last = lines[-1] if lines else {}
    shown = {
        name: f"{value:.4g}"
        for name, value in last.items()
        if name not in ("seconds", "items_per_second") and not name.startswith("signal/")
    }
    settings = {
        "model": _explained(run.plain["config"], help_of(type(run.config))),
        "data": _explained(run.plain["data"], run.data_help()),
        "training": _explained(run.plain["training"], help_of(type(run.training))),
    }
    page = report.report(
        title=run.name,
        summary={"model": run.kind.name(), "data": run.data_name, **_best(run), **shown},
        lines=lines,
        samples=run.samples(),
        networks=layers_of(run.build()),
        settings=settings,
        versions=run.plain["versions"],
        cards=kept(run),
        verdicts=verdicts_of(run),
        nearest=run.nearest(),
    )
    return run.keep_report(page)


def _best(run: Run) -> dict[str, str]:
    step = run.best
    found = None if step is None else run.validated(step)
    return {"best": f"step {step:,}, {found.figure} {found.value:.4g}"} if found else {}


def _explained(values: dict[str, Any], helps: dict[str, str]) -> dict[str, tuple[Any, str]]:
    return {name: (value, helps.get(name, "")) for name, value in values.items()}
