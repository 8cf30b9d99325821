"""Several runs on one self-contained page: cards, curves, samples, verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from liangyi.doctor.verdict import Verdict
from liangyi.metrics.card import Card
from liangyi.views.cards_html import comparison_html
from liangyi.views.intervals import dot
from liangyi.views.overlay import overlaid
from liangyi.views.page import facts, page, picture, section


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
    title: str, runs: Sequence[Column], refusals: Mapping[str, str] | None = None
) -> str:
    """Write the page.

    Args:
        title: what is compared.
        runs: in order; each has a colour of its own throughout the page.
        refusals: metric -> why its cards may not be ranked.

    Returns:
        HTML. All strings are escaped.
    """
    names = [run.name for run in runs]
    logs = {run.name: run.lines for run in runs}
    curves = overlaid(logs) if any(logs.values()) else ""
    body = [
        f"<header><h1>{escape(title)}</h1></header>",
        section("How good", comparison_html(names, [run.cards for run in runs], refusals or {})),
        section("Runs", _columns(runs)),
        section("Curves", f'<div class="wide">{curves}</div>' if curves else ""),
    ]
    return page(title, body)


def _columns(runs: Sequence[Column]) -> str:
    parts = []
    for place, run in enumerate(runs):
        known = {"model": run.model, "data": run.data, "step": f"{run.step:,}"}
        shown = picture(run.sample, f"newest samples of {run.name}") if run.sample else ""
        verdicts = "".join(
            f'<li class="{"well" if verdict.healthy else "ill"}" '
            f'title="{escape(verdict.evidence)}">{escape(verdict.name)}</li>'
            for verdict in run.verdicts
        )
        chips = f'<ul class="chips">{verdicts}</ul>' if verdicts else ""
        parts.append(
            f'<div><h3 class="run">{dot(place)}{escape(run.name)}</h3>'
            f"{facts({key: value for key, value in known.items() if value})}"
            f"{shown}{chips}</div>"
        )
    return f'<div class="runs">{"".join(parts)}</div>' if parts else ""
