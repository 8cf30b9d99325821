"""Several runs on one self-contained page: cards, samples, verdicts, settings, curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from liangyi.doctor.verdict import Verdict
from liangyi.metrics.card import Card
from liangyi.views import charts, intervals, pages
from liangyi.views.conditions import conditions_of_runs
from liangyi.views.ranking import BEST, ranked, told


@dataclass(frozen=True, kw_only=True)
class Column:
    """What the page shows of a run."""

    name: str  # no two runs have the same
    model: str = ""
    data: str = ""
    step: int = 0  # until which it was trained
    sample: bytes | None = None  # newest picture, a PNG file
    verdicts: Sequence[Verdict] = ()
    cards: Sequence[Card] = ()
    lines: list[dict[str, float]] = field(default_factory=list)  # of its log


def comparison_page(
    title: str,
    runs: Sequence[Column],
    refusals: Mapping[str, str] | None = None,
    settings: Mapping[str, Sequence[str]] | None = None,
    hints: Sequence[str] = (),
) -> str:
    """Write the page.

    Args:
        title: what is compared.
        runs: in order; each has a colour of its own throughout the page.
        refusals: metric -> why its cards may not be ranked.
        settings: those that differ -> their values in each run.
        hints: lines about what is missing.

    Returns:
        HTML. All words are escaped.
    """
    names, cards = [run.name for run in runs], [run.cards for run in runs]
    rows = ranked(cards, refusals or {})
    legend = intervals.legend([card for column in cards for card in column])
    measured = [legend, *told(rows), *conditions_of_runs(names, cards)] if rows else []
    return pages.render(
        "compare.html",
        title=title,
        runs=runs,
        rows=rows,
        notes=[*hints, *measured],
        settings=settings or {},
        BEST=BEST,
        charts=charts.of_runs({run.name: run.lines for run in runs}),
        logged=any(run.lines for run in runs),
    )
