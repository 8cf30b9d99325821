"""Cards as plain text: those of one run, and those of several runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from liangyi.metrics.card import Card
from liangyi.views import text
from liangyi.views.conditions import conditions, conditions_of_runs
from liangyi.views.figures import ARROWS, figures, floors, meaning
from liangyi.views.ranking import BEST, Row, ranked, told

HEADING = 18  # letters of a run's name in a line of its heading
NOTHING = "no cards"


def legend(cards: Sequence[Card]) -> str:
    """Say what the margins and floors of cards are."""
    return f"± {meaning(cards)}; floor: {floors(cards)}"


def table(cards: Sequence[Card], width: int | None = None) -> str:
    """Write the cards of one run as a table, and below what they were measured on."""
    if not cards:
        return NOTHING
    shown = text.table()
    shown.add_column("metric", no_wrap=True)
    shown.add_column("")
    shown.add_column("value", justify="right", no_wrap=True)
    shown.add_column("", no_wrap=True)
    shown.add_column("floor", justify="right", no_wrap=True)
    shown.add_column("about")
    for card in cards:
        value, away, floor = figures(card)
        margin = Text(f"± {away}" if away else "", "dim")
        about = text.words(card.about)
        shown.add_row(text.words(card.metric), ARROWS[card.better], value, margin, floor, about)
    notes = [legend(cards), *conditions([(card.metric, card) for card in cards])]
    return text.rendered(shown, *text.notes(notes, width), width=width)


def comparison(
    names: Sequence[str],
    cards: Sequence[Sequence[Card]],
    refusals: Mapping[str, str],
    width: int | None = None,
) -> str:
    """Write the cards of several runs side by side.

    The best is marked where its 95 % interval overlaps no other; otherwise it and those that it
    overlaps are marked as too close to call.

    Args:
        names: of the runs.
        cards: of each run.
        refusals: metric -> why its cards may not be ranked; they are shown, and the reason too.
        width: of a line, beyond which further runs follow below; None: the terminal's.
    """
    rows = ranked(cards, refusals)
    if not rows:
        return NOTHING
    runs = [(text.words(name), _cells(place, rows)) for place, name in enumerate(names)]
    stub = max(len("metric"), *(len(row.metric) for row in rows)) + text.GAP + 1
    shown: list[RenderableType] = []
    for block in _blocks(runs, (width or text.room()) - stub):
        side_by_side = text.table()
        side_by_side.add_column("metric", no_wrap=True, vertical="bottom")
        side_by_side.add_column("")
        for name, cells in block:
            wide = _width(name, cells)
            side_by_side.add_column(name, width=wide, overflow="fold", vertical="bottom")
        for place, row in enumerate(rows):
            own = [cells[place] for _, cells in block]
            side_by_side.add_row(text.words(row.metric), ARROWS[row.better], *own)
        shown += [side_by_side, ""]
    notes = [*told(rows), *conditions_of_runs(names, cards)]
    return text.rendered(*shown[:-1], *text.notes(notes, width), width=width)


Run = tuple[Text, list[Text]]  # name and cells of a run


def _cells(place: int, rows: Sequence[Row]) -> list[Text]:
    """Return what a run has in each row, aligned among themselves."""
    cards = [row.cards[place] for row in rows]
    parts = [figures(card)[:2] if card is not None else ("-", "") for card in cards]
    values, aways = (max(len(part[side]) for part in parts) for side in (0, 1))
    room = 3 + aways if aways else 0
    return [
        Text(
            value.rjust(values) + (f" ± {away}" if away else "").ljust(room) + f" {mark}",
            "bold" if mark == BEST else "",
        )
        for (value, away), mark in zip(parts, (row.marks[place] for row in rows), strict=True)
    ]


def _width(name: Text, cells: Sequence[Text]) -> int:
    return max(min(len(name), HEADING), *map(len, cells))


def _blocks(runs: Sequence[Run], room: int) -> list[list[Run]]:
    """Share runs out to blocks that fit into a width, at least one each."""
    blocks: list[list[Run]] = []
    left = 0
    for run in runs:
        wide = _width(*run) + text.GAP
        if not blocks or wide > left:
            blocks, left = [*blocks, []], room
        blocks[-1].append(run)
        left -= wide
    return blocks
