"""Cards drawn: a dot for the value, a bar for its 95 % interval, a tall line for the floor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from liangyi.metrics.card import Card
from liangyi.views.figures import figures, floors, margin, meaning

COLOURS = 7  # in page.css
DASHES = 3  # in charts.js


@dataclass(frozen=True)
class Bar:
    """One card on the scale of its metric, in per cent of it."""

    place: int  # of the run, which decides its colour
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scale:
    """Cards of one metric on a scale that holds all their floors, in per cent of it."""

    words: str  # for those who cannot see it
    zero: float | None  # None where it is far away and says nothing
    floors: list[float]
    bars: list[Bar]
    count: int  # of places


def legend(cards: Sequence[Card]) -> str:
    """Say what is drawn of cards."""
    return (
        f"dot and bar: value and {meaning(cards)}; floor, the tall line: {floors(cards)}; notch: 0"
    )


def looks(place: int) -> dict[str, int]:
    """Return colour and dashes of the run or curve at a place, beyond the palette told apart."""
    return {"colour": place % COLOURS, "dash": place // COLOURS % DASHES}


def scale(cards: Sequence[Card | None]) -> Scale | None:
    """Lay cards of one metric on one scale, None where no card has a finite value.

    Args:
        cards: one a run; where there is none its place is left free.
    """
    drawn = {
        place: card
        for place, card in enumerate(cards)
        if card is not None and math.isfinite(card.value)
    }
    if not drawn:
        return None
    low, high = _limits(list(drawn.values()))

    def along(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    bars = []
    for place, card in drawn.items():
        away = margin(card) or 0.0
        ends = along(card.value - away), along(card.value + away)
        bars.append(Bar(place, along(card.value), *ends))
    floors = {card.floor for card in drawn.values() if card.floor is not None}
    return Scale(
        words=", ".join(f"{card.metric} {figures(card)[0]}" for card in drawn.values()),
        zero=along(0.0) if low <= 0 <= high else None,
        floors=[along(floor) for floor in sorted(floors) if math.isfinite(floor)],
        bars=bars,
        count=len(cards),
    )


def _limits(cards: Sequence[Card]) -> tuple[float, float]:
    """Return a scale from zero, which is no end of negative measures; to one for shares."""
    positive = [card.value >= 0 for card in cards]
    ends = [0.0] if any(positive) else []
    for card in cards:
        away = margin(card) or 0.0
        ends += [card.value - away, card.value + away]
        ends += [card.floor] if card.floor is not None and math.isfinite(card.floor) else []
    low, high = min(ends), max(ends)
    if high <= 1 and all(positive) and any(card.better in ("higher", "half") for card in cards):
        high = 1.0
    return (low, high) if low < high else (low, low + 1.0)
