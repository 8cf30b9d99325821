"""Figures as words: as many digits as their error allows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from liangyi.metrics.card import Card

ARROWS = {"lower": "↓", "higher": "↑", "half": "½", "none": ""}
BETTER = {
    "lower": "lower is better",
    "higher": "higher is better",
    "half": "0.5 is best",
    "none": "neither way is better",
}
DIGITS = 4  # of a figure without an error
LONGEST = 6  # decimals, beyond which powers of ten are written
LARGEST = 1e7  # and from which on they are written as well
FINEST = 1e-7  # error over value, below which it is only that of rounding
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def meaning(cards: Sequence[Card]) -> str:
    """Say what the intervals of cards mean: docs/scores.md."""
    drawn = "samples and real items both" if any(card.generated for card in cards) else "real items"
    return f"95 % interval, {drawn} drawn anew"


def floors(cards: Sequence[Card]) -> str:
    """Say what the floors of cards are; some cards say it themselves."""
    said = ["floor: " in card.about for card in cards if card.floor is not None]
    if said and all(said):
        return "as each card says"
    return "real against other real items" + ", where a card says nothing else" * any(said)


def short(value: float, digits: int = 3) -> str:
    """Write a number for a label: 5058, 12.5k, 0.25, 1.3e-05, nan."""
    if not math.isfinite(value):
        return "nan"
    # what is rounded up to the next unit is written in it: 1M, not 1e+03k
    size, unit = next((pair for pair in UNITS if abs(value) >= 0.9995 * pair[0]), (1.0, ""))
    if abs(value) < 9999.5:  # four digits are as short as 5.06k, and exact
        return f"{value:.{max(digits, 4) if abs(value) >= 999.5 else digits}g}"
    return f"{value / size:.{digits}g}{unit}"


def margin(card: Card) -> float | None:
    """Return half the width of the 95 % interval, None where it is not known."""
    away = card.margin
    known = away is not None and math.isfinite(away) and math.isfinite(card.value)
    return away if known else None


def figures(card: Card) -> tuple[str, str, str]:
    """Return value, margin and floor of a card as words; what is not known is empty.

    The margin has one digit, or two if the first is 1; value and floor end where it ends.
    """
    away = margin(card)
    floor = card.floor if card.floor is not None and math.isfinite(card.floor) else None
    if not away or away < FINEST * abs(card.value):
        said = "" if away is None else f"{away:.1g}"
        return _plain(card.value), said, "" if floor is None else _plain(floor)
    decimals = _decimals(away)
    largest = max(abs(card.value), away)
    if decimals > LONGEST or largest >= LARGEST:
        power = math.floor(math.log10(largest))
        shown = [_fixed(x / 10.0**power, decimals + power) for x in (card.value, away)]
        value, said = (f"{words}e{power:+03d}" for words in shown)
    else:
        value, said = _fixed(card.value, decimals), _fixed(away, decimals)
    # a floor may be far smaller than the error: then its own first digit says more than 0
    return value, said, "" if floor is None else _floor(floor, decimals)


def _decimals(away: float) -> int:
    """Return how many decimals a margin has; fewer than none for large ones."""
    power = math.floor(math.log10(away))
    first = round(away / 10.0**power, 1)  # 0.96 is written 1.0, and thus begins with 1
    if first >= 10:
        power, first = power + 1, 1.0
    return -power + (first < 2)


def _fixed(value: float, decimals: int) -> str:
    rounded = round(value, decimals) + 0.0  # not -0
    return f"{rounded:.{max(0, decimals)}f}"


def _floor(floor: float, decimals: int) -> str:
    near = round(floor, decimals)
    if floor and abs(near) < abs(floor) / 2:
        return f"{floor:.1g}"
    far = decimals > LONGEST or abs(floor) >= LARGEST
    return _plain(floor) if far else _fixed(floor, decimals)


def _plain(value: float) -> str:
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if abs(value) >= LARGEST:
        return f"{value:.{DIGITS}g}"
    # 0.5300 beside 0.4543, but 8 where things were counted
    whole = value == round(value)
    return short(value, DIGITS) if whole or abs(value) >= 9999.5 else f"{value:#.{DIGITS}g}"
