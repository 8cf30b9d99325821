"""Cards for people: of one run and of several side by side, as text and as HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from html import escape

from liangyi.metrics.card import Card
from liangyi.views.conditions import conditions, conditions_of_runs
from liangyi.views.figures import ARROWS, figures
from liangyi.views.intervals import dot, intervals
from liangyi.views.ranking import BEST, MEANINGS, Row, ranked

LEGEND = "± 95 % interval; floor: the same between real and other real items"
DRAWN = "dot and bar: value and 95 % interval; grey line: real against other real items"
HEADING = 18  # letters of a run's name in a line of a heading
WORDS = {"lower": "lower is better", "higher": "higher is better", "half": "0.5 is best"}


def table(cards: Sequence[Card]) -> str:
    """Write the cards of one run as aligned plain text, and below what they were measured on."""
    if not cards:
        return "no cards"
    head = [["metric"], ["value"], [""], ["floor"], ["better"], ["about"]]
    columns = [[*title] for title in head]
    for card in cards:
        value, away, floor = figures(card)
        cells = (card.metric, value, f"± {away}" if away else "", floor, ARROWS[card.better],
                 card.about)  # fmt: skip
        for column, cell in zip(columns, cells, strict=True):
            column.append(_line(cell))
    shown = [column for column in columns if any(column[1:])]
    right = [column in (columns[1], columns[3]) for column in shown]
    lines = _aligned(shown, right)
    return "\n".join([*lines, "", LEGEND, *conditions([(card.metric, card) for card in cards])])


def html(cards: Sequence[Card]) -> str:
    """Write the same as a table for a page; nothing without cards."""
    if not cards:
        return ""
    rows = []
    for card in cards:
        value, away, floor = figures(card)
        rows.append(
            f"<tr>{_metric(card.metric, card.better, card.about)}"
            f"<td>{_value(value, away)}</td>"
            f"<td>{intervals([card], 12)}</td><td>{escape(floor)}</td></tr>"
        )
    head = "<tr><th>metric</th><th>value</th><th></th><th>floor</th></tr>"
    notes = [DRAWN, *conditions([(card.metric, card) for card in cards])]
    return (
        f'<div class="wide"><table class="cards"><thead>{head}</thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{_quiet(notes)}"
    )


def comparison(
    names: Sequence[str],
    cards: Sequence[Sequence[Card]],
    refusals: Mapping[str, str],
    width: int = 110,
) -> str:
    """Write the cards of several runs side by side as plain text.

    The best is marked where its 95 % interval overlaps no other; otherwise it and those that it
    overlaps are marked as too close to call.

    Args:
        names: of the runs.
        cards: of each run.
        refusals: metric -> why its cards may not be ranked; they are shown, and the reason too.
        width: of a line, beyond which further runs follow below.
    """
    rows = ranked(cards, refusals)
    if not rows:
        return "no cards"
    stub = [["metric", *(row.metric for row in rows)], ["", *(ARROWS[row.better] for row in rows)]]
    stub = [[_line(cell) for cell in column] for column in stub]
    runs = [_column(name, place, rows) for place, name in enumerate(names)]
    room = width - sum(_width(column) + 2 for column in stub)
    blocks: list[list[int]] = [[]]
    for place, column in enumerate(runs):
        used = sum(_width(runs[other]) + 3 for other in blocks[-1])
        if blocks[-1] and used + _width(column) > room:
            blocks.append([])
        blocks[-1].append(place)
    lines: list[str] = []
    for block in blocks:
        headings = [textwrap.wrap(_line(names[place]), HEADING) or [""] for place in block]
        tall = max(len(heading) for heading in headings)
        columns = [["" for _ in range(tall - 1)] + column for column in stub]
        for place, heading in zip(block, headings, strict=True):
            padded = [""] * (tall - len(heading)) + heading
            columns.append(padded + runs[place][1:])
        lines += [*_aligned(columns, [False] * len(columns), gap=3), ""]
    return "\n".join([*lines, *_notes(names, cards, rows)])


def comparison_html(
    names: Sequence[str], cards: Sequence[Sequence[Card]], refusals: Mapping[str, str]
) -> str:
    """Write the same as a table for a page; nothing without cards."""
    rows = ranked(cards, refusals)
    if not rows:
        return ""
    heads = "".join(
        f"<th><span>{dot(place)}{escape(name)}</span></th>" for place, name in enumerate(names)
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
    head = f"<tr><th>metric</th>{heads}<th></th></tr>"
    return (
        f'<div class="wide"><table class="cards"><thead>{head}</thead>'
        f"<tbody>{''.join(written)}</tbody></table></div>"
        f"{_quiet([DRAWN, *_notes(names, cards, rows)])}"
    )


def _notes(names: Sequence[str], cards: Sequence[Sequence[Card]], rows: Sequence[Row]) -> list[str]:
    """Return what the marks mean, why rows have none, and what the cards were measured on."""
    used = {mark for row in rows for mark in row.marks}
    meanings = [words for mark, words in MEANINGS.items() if mark in used]
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.reason:
            reasons.setdefault(row.reason, []).append(row.metric)
    refused = [f"not ranked: {', '.join(metrics)} ({why})" for why, metrics in reasons.items()]
    lines = [*meanings, *refused, *conditions_of_runs(names, cards)]
    return [_line(words) for words in lines]


def _column(name: str, place: int, rows: Sequence[Row]) -> list[str]:
    """Return a run's cells below its name, aligned among themselves."""
    parts = []
    for row in rows:
        card = row.cards[place]
        value, away, _ = figures(card) if card is not None else ("-", "", "")
        parts.append((value, f" ± {away}" if away else "", row.marks[place]))
    values, aways = (max(len(part[side]) for part in parts) for side in (0, 1))
    cells = [f"{v.rjust(values)}{away.ljust(aways)} {mark}".rstrip() for v, away, mark in parts]
    # only as long as a line of the heading will be
    longest = max((len(line) for line in textwrap.wrap(_line(name), HEADING)), default=0)
    return ["x" * longest, *cells]


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


def _quiet(lines: Sequence[str]) -> str:
    return f'<p class="quiet">{"<br>".join(escape(line) for line in lines)}</p>'


def _aligned(columns: Sequence[Sequence[str]], right: Sequence[bool], gap: int = 2) -> list[str]:
    widths = [_width(column) for column in columns]
    return [
        (" " * gap)
        .join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        )
        .rstrip()
        for row in zip(*columns, strict=True)
    ]


def _width(column: Sequence[str]) -> int:
    return max(len(cell) for cell in column)


def _line(words: str) -> str:
    """Return words that keep to their line and carry no control characters."""
    return "".join(c if c.isprintable() else " " for c in words)
