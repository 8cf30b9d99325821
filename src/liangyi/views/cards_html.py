"""Cards as tables of a page: those of one run, and those of several runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from liangyi.metrics.card import Card
from liangyi.views.conditions import conditions, conditions_of_runs
from liangyi.views.figures import ARROWS, figures
from liangyi.views.intervals import LEGEND, dot, intervals
from liangyi.views.ranking import BEST, ranked, told

WORDS = {"lower": "lower is better", "higher": "higher is better", "half": "0.5 is best"}


def html(cards: Sequence[Card]) -> str:
    """Write the cards of one run; nothing without cards."""
    if not cards:
        return ""
    rows = []
    for card in cards:
        value, away, floor = figures(card)
        rows.append(
            f"<tr>{_metric(card.metric, card.better, card.about)}<td>{_value(value, away)}</td>"
            f"<td>{escape(floor)}</td><td>{intervals([card], 12)}</td></tr>"
        )
    notes = [LEGEND, *conditions([(card.metric, card) for card in cards])]
    return _table("<th>value</th><th>floor</th><th></th>", rows, notes)


def comparison_html(
    names: Sequence[str], cards: Sequence[Sequence[Card]], refusals: Mapping[str, str]
) -> str:
    """Write the cards of several runs, marked and drawn in their colours; nothing without cards.

    Args:
        names: of the runs.
        cards: of each run.
        refusals: metric -> why its cards may not be ranked; they are shown, and the reason too.
    """
    rows = ranked(cards, refusals)
    if not rows:
        return ""
    head = "".join(
        f'<th><span class="run">{dot(place)}{escape(name)}</span></th>'
        for place, name in enumerate(names)
    )
    written = []
    for row in rows:
        cells = "".join(
            f"<td>{_cell(card, mark)}</td>" for card, mark in zip(row.cards, row.marks, strict=True)
        )
        about = next((card.about for card in row.cards if card is not None), "")
        written.append(
            f"<tr>{_metric(row.metric, row.better, about)}{cells}"
            f"<td>{intervals(row.cards)}</td></tr>"
        )
    notes = [LEGEND, *told(rows), *conditions_of_runs(names, cards)]
    return _table(f"{head}<th></th>", written, notes)


def _table(head: str, rows: Sequence[str], notes: Sequence[str]) -> str:
    return (
        f'<div class="wide"><table class="cards"><thead><tr><th>metric</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        f'<p class="quiet">{"<br>".join(escape(note) for note in notes)}</p>'
    )


def _cell(card: Card | None, mark: str) -> str:
    if card is None:
        return '<span class="quiet">-</span>'
    value, away, _ = figures(card)
    written = _value(value, away) + (f" {mark}" if mark else "")
    return f"<strong>{written}</strong>" if mark == BEST else written


def _value(value: str, away: str) -> str:
    beside = f' <span class="quiet">± {escape(away)}</span>' if away else ""
    return escape(value) + beside


def _metric(metric: str, better: str, about: str) -> str:
    arrow = f'<span class="quiet" title="{WORDS[better]}">{ARROWS[better]}</span>'
    below = f"<small>{escape(about)}</small>" if about else ""
    return f'<th scope="row">{escape(metric.replace("_", " "))} {arrow}{below}</th>'
