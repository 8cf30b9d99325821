"""Cards drawn: a dot for the value, a bar for its 95 % interval, a tick for the floor."""

from __future__ import annotations

import math
from collections.abc import Sequence

from liangyi.metrics.card import Card
from liangyi.views.figures import figures, margin
from liangyi.views.plots import style
from liangyi.views.svg import document, tag

LEGEND = (
    "dot and bar: value and 95 % interval; "
    "floor, the tall line: real against other real items; notch: 0"
)
WIDTH, EDGE = 210.0, 6.0


def intervals(cards: Sequence[Card | None], pitch: float = 9.0) -> str:
    """Draw cards of one metric below each other, on one scale that holds all floors.

    Args:
        cards: one a run, in the colour of its place; where there is none its place is left free.
        pitch: height of a card.

    Returns:
        An inline SVG, or nothing where no card has a finite value.
    """
    drawn = {
        place: card
        for place, card in enumerate(cards)
        if card is not None and math.isfinite(card.value)
    }
    if not drawn:
        return ""
    low, high = _limits(list(drawn.values()))

    def across(value: float) -> float:
        return EDGE + (value - low) / (high - low) * (WIDTH - 2 * EDGE)

    height = pitch * len(cards) + 8
    rule = f"M{EDGE} {height - 2}H{WIDTH - EDGE}"
    body = [tag("path", d=rule, stroke="currentColor", opacity=0.2)]
    if low <= 0 <= high:
        body.append(_upright(across(0.0), height - 5, height))
    floors = {card.floor for card in drawn.values() if card.floor is not None}
    body += [
        _upright(across(floor), 2, height - 2) for floor in sorted(floors) if math.isfinite(floor)
    ]
    for place, card in drawn.items():
        y, away = pitch * (place + 0.5) + 3, margin(card)
        if away:
            bar = f"M{across(card.value - away):.1f} {y:.1f}H{across(card.value + away):.1f}"
            body.append(tag("path", d=bar, stroke=style(place)[0], stroke_width=3.0, opacity=0.45))
        body.append(_disc(place, across(card.value), y, 3.2))
    said = ", ".join(f"{card.metric} {figures(card)[0]}" for card in drawn.values())
    return document(WIDTH, height, said, body)


def dot(place: int) -> str:
    """Return a swatch of the colour that a run has in drawings."""
    return document(10, 10, f"colour {place + 1}", [_disc(place, 5.0, 5.0, 4.0)])


def _disc(place: int, x: float, y: float, radius: float) -> str:
    colour, dash = style(place)
    # beyond the palette colours come again, told apart as dashes tell curves apart
    fill = {"fill": "none", "stroke": colour, "stroke_width": 1.5} if dash else {"fill": colour}
    return tag("circle", cx=x, cy=y, r=radius, **fill)


def _upright(x: float, top: float, bottom: float) -> str:
    line = f"M{x:.1f} {top}V{bottom}"
    return tag("path", d=line, stroke="currentColor", stroke_width=1.5, opacity=0.5)


def _limits(cards: Sequence[Card]) -> tuple[float, float]:
    """Return a scale from zero, which is no end of negative measures; to one for shares."""
    positive = [card.value >= 0 for card in cards]
    ends = [0.0] if any(positive) else []
    for card in cards:
        away = margin(card) or 0.0
        ends += [card.value - away, card.value + away]
        ends += [card.floor] if card.floor is not None and math.isfinite(card.floor) else []
    low, high = min(ends), max(ends)
    if high <= 1 and all(positive) and any(card.better != "lower" for card in cards):
        high = 1.0
    return (low, high) if low < high else (low, low + 1.0)
