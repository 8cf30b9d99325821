"""What cards were measured on: said once where it is common, and where it differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from liangyi.metrics.card import Card

Labelled = Sequence[tuple[str, Card]]  # cards with the names that tell them apart

# field -> how its value is said in a line with others
_SAID = {
    "data": "data {}",
    "split": "split {}",
    "real": "{} real",
    "generated": "{} generated",
    "features": "features {}",
    "resize": "resize {}",
    "seed": "seed {}",
    "step": "step {}",
}
_COUNTS = {"seed", "step"}  # of which 0 is a value; of others it means that there is none


def conditions(labelled: Labelled) -> list[str]:
    """Return a line of what is common to all cards, then one for each field that differs.

    Args:
        labelled: cards with the names that tell them apart, which need not be unique.
    """
    return _lines(labelled, lambda field: labelled)


def conditions_of_runs(names: Sequence[str], cards: Sequence[Sequence[Card]]) -> list[str]:
    """Return the same for several runs: common to all cards, and in what the runs differ.

    Metrics of one run may differ from each other; that is no difference between runs, and not said.
    """
    every = [(name, card) for name, column in zip(names, cards, strict=True) for card in column]

    def between_runs(field: str) -> Labelled:
        found: dict[str, set[str]] = {}
        for _, card in every:
            found.setdefault(card.metric, set()).add(_value(card, field))
        return [(name, card) for name, card in every if len(found[card.metric]) > 1]

    return _lines(every, between_runs)


def _lines(labelled: Labelled, telling: Callable[[str], Labelled]) -> list[str]:
    """Say each field; where it differs, of those cards alone that are telling."""
    common, lines = [], []
    for field, form in _SAID.items():
        if len(_holders(labelled, field)) > 1:
            differing = _holders(telling(field), field)
            lines += [f"{field}: {_apart(differing)}"] if differing else []
        else:
            value = next(iter(_holders(labelled, field)), "")
            common += [form.format(value)] if value and (field, value) != ("resize", "none") else []
    return [*([" · ".join(common)] if common else []), *lines]


def _holders(labelled: Labelled, field: str) -> dict[str, list[str]]:
    """Return who has each value of a field."""
    found: dict[str, list[str]] = {}
    for label, card in labelled:
        labels = found.setdefault(_value(card, field), [])
        if label not in labels:
            labels.append(label)
    return found


def _apart(holders: dict[str, list[str]]) -> str:
    """Say who has which value; that of many comes last and needs no list."""
    most = max(holders, key=lambda value: len(holders[value]))
    many = len(holders[most]) > 1
    parts = [
        f"{value or 'none'} for {', '.join(labels)}"
        for value, labels in holders.items()
        if value != most or not many
    ]
    return "; ".join([*parts, f"else {most or 'none'}"] if many else parts)


def _value(card: Card, field: str) -> str:
    value = getattr(card, field)
    said = f"{value:,}" if isinstance(value, int) else str(value)
    return "" if said == "0" and field not in _COUNTS else said
