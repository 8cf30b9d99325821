"""Which of several runs is best at a metric, if that can be told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from liangyi.metrics.card import Card
from liangyi.views.figures import margin

BEST, CLOSE = "*", "~"
MEANINGS = {
    BEST: f"{BEST} best: its 95 % interval overlaps no other",
    CLOSE: f"{CLOSE} too close to call: 95 % intervals overlap",
}
NO_ERROR = "no error is known"
NO_MERIT = "neither way is better"


@dataclass(frozen=True)
class Row:
    """One metric of all runs."""

    metric: str
    cards: tuple[Card | None, ...]  # one a run, None where it has none
    marks: tuple[str, ...]  # best, too close to call, or nothing
    reason: str = ""  # why they are not ranked

    @property
    def better(self) -> str:
        """Which way is better."""
        return next((card.better for card in self.cards if card is not None), "lower")


def ranked(cards: Sequence[Sequence[Card]], refusals: Mapping[str, str]) -> list[Row]:
    """Return the metrics of several runs in order of first appearance.

    Args:
        cards: of each run.
        refusals: metric -> why its cards may not be ranked.
    """
    metrics = dict.fromkeys(card.metric for column in cards for card in column)
    found = [{card.metric: card for card in column} for column in cards]
    rows = []
    for metric in metrics:
        row = tuple(column.get(metric) for column in found)
        reason = refusals.get(metric, "")
        marks = ("",) * len(row)
        if not reason:
            marks, reason = _marked(row)
        rows.append(Row(metric, row, marks, reason))
    return rows


def told(rows: Sequence[Row]) -> list[str]:
    """Return what the marks in rows mean, and why rows have none."""
    used = {mark for row in rows for mark in row.marks}
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.reason:
            reasons.setdefault(row.reason, []).append(row.metric)
    refused = [
        f"not ranked ({why}): {'all' if 1 < len(rows) == len(metrics) else ', '.join(metrics)}"
        for why, metrics in reasons.items()
    ]
    return [*(words for mark, words in MEANINGS.items() if mark in used), *refused]


def _marked(cards: Sequence[Card | None]) -> tuple[tuple[str, ...], str]:
    """Return the mark of each card; nothing is told of a failure or without an error."""
    finite = {
        place: card
        for place, card in enumerate(cards)
        if card is not None and math.isfinite(card.value)
    }
    marks = [""] * len(cards)
    if any(card.better == "none" for card in finite.values()):
        return tuple(marks), NO_MERIT
    if len(finite) > 1:
        if any(margin(card) is None for card in finite.values()):
            return tuple(marks), NO_ERROR
        spans = {place: _badness(card) for place, card in finite.items()}
        best = min(spans, key=lambda place: spans[place][1])
        highest = spans[best][2]
        close = [place for place in spans if place != best and spans[place][0] <= highest]
        for place in [best, *close]:
            marks[place] = CLOSE if close else BEST
    return tuple(marks), ""


def _badness(card: Card) -> tuple[float, float, float]:
    """Return the value between the ends of its interval, all turned so that less is better."""
    turned = {"lower": card.value, "higher": -card.value, "half": abs(card.value - 0.5)}
    bad, away = turned[card.better], margin(card) or 0.0
    return bad - away, bad, bad + away
