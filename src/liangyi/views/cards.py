"""Cards as plain text: those of one run, and those of several runs side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import dropwhile

from liangyi.metrics.card import Card
from liangyi.views.conditions import conditions, conditions_of_runs
from liangyi.views.figures import ARROWS, figures
from liangyi.views.ranking import Row, ranked, told

LEGEND = "± 95 % interval; floor: the same between real and other real items"
WIDTH = 100  # letters of a line
HEADING = 18  # letters of a run's name in a line of its heading
NARROWEST = 24  # letters of a line about a metric, however wide the figures are
GAP = 2
NOTHING = "no cards"


def table(cards: Sequence[Card], width: int = WIDTH) -> str:
    """Write the cards of one run as aligned lines, and below what they were measured on."""
    if not cards:
        return NOTHING
    floors = [figures(card)[2] for card in cards]
    wide = max(map(len, [*floors, "floor"]))
    columns = [
        ["metric", *(_line(card.metric) for card in cards)],
        ["", *(ARROWS[card.better] for card in cards)],
        ["value", *_values(cards)],
        ["floor".rjust(wide), *(floor.rjust(wide) for floor in floors)],
    ]
    lines = _aligned(columns if any(floors) else columns[:-1])
    used = max(map(len, lines)) + GAP
    shown = []
    for line, about in zip(lines, ["about", *(card.about for card in cards)], strict=True):
        said = textwrap.wrap(_line(about), max(NARROWEST, width - used)) or [""]
        shown += [f"{line:{used}}{said[0]}".rstrip(), *(" " * used + more for more in said[1:])]
    notes = [LEGEND, *conditions([(card.metric, card) for card in cards])]
    return "\n".join([*shown, "", *_wrapped(notes, width)])


def comparison(
    names: Sequence[str],
    cards: Sequence[Sequence[Card]],
    refusals: Mapping[str, str],
    width: int = WIDTH,
) -> str:
    """Write the cards of several runs side by side.

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
        return NOTHING
    headings = [textwrap.wrap(_line(name), HEADING) or [""] for name in names]
    tall = max(map(len, headings))
    top = [""] * (tall - 1)
    stub = [
        [*top, "metric", *(_line(row.metric) for row in rows)],
        [*top, "", *(ARROWS[row.better] for row in rows)],
    ]
    runs = [
        [""] * (tall - len(heading)) + heading + _cells(place, rows)
        for place, heading in enumerate(headings)
    ]
    lines: list[str] = []
    for block in _blocks(runs, width - sum(_width(column) + GAP for column in stub)):
        # a heading may be taller in another block
        lines += [*dropwhile(lambda line: not line, _aligned([*stub, *block])), ""]
    notes = [*told(rows), *conditions_of_runs(names, cards)]
    return "\n".join([*lines, *_wrapped(notes, width)])


def _cells(place: int, rows: Sequence[Row]) -> list[str]:
    """Return what a run has in each row, aligned among themselves."""
    values = _values([row.cards[place] for row in rows])
    return [f"{said} {row.marks[place]}" for said, row in zip(values, rows, strict=True)]


def _values(cards: Sequence[Card | None]) -> list[str]:
    """Return values with their margins, aligned among themselves."""
    parts = [figures(card)[:2] if card is not None else ("-", "") for card in cards]
    values, aways = (max(len(part[side]) for part in parts) for side in (0, 1))
    room = 3 + aways if aways else 0
    return [v.rjust(values) + (f" ± {away}" if away else "").ljust(room) for v, away in parts]


def _blocks(columns: Sequence[list[str]], room: int) -> list[list[list[str]]]:
    """Share columns out to blocks that fit into a width, at least one each."""
    blocks: list[list[list[str]]] = []
    left = 0
    for column in columns:
        wide = _width(column) + GAP
        if not blocks or wide > left + GAP:  # nothing follows the last of a line
            blocks, left = [*blocks, []], room
        blocks[-1].append(column)
        left -= wide
    return blocks


def _aligned(columns: Sequence[list[str]]) -> list[str]:
    """Return the lines of columns, which are set to the left."""
    padded = [[cell.ljust(_width(column)) for cell in column] for column in columns]
    return [(" " * GAP).join(row).rstrip() for row in zip(*padded, strict=True)]


def _width(column: Sequence[str]) -> int:
    return max(map(len, column))


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    """Return lines of bearable length; what goes on from the line before is indented."""
    return [
        part
        for line in lines
        for part in textwrap.wrap(
            _line(line),
            width,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def _line(words: str) -> str:
    """Return words that keep to their line and carry no control characters."""
    return "".join(c if c.isprintable() else " " for c in words)
