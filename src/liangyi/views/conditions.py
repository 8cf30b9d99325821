"""What cards were measured on: said once where it is common, and where it differs."""

from __future__ import annotations

from collections.abc import Sequence

from liangyi.metrics.card import Card

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
_UNSAID = {"", "0"}  # of these fields, what means that there is none
_COUNTS = {"seed", "step"}  # of which 0 is a value


def conditions(labelled: Sequence[tuple[str, Card]]) -> list[str]:
    """Return a line of what is common to all cards, then one for each field that differs.

    Args:
        labelled: cards with the names that tell them apart, which need not be unique.
    """
    common, lines = [], []
    for field, form in _SAID.items():
        holders: dict[str, list[str]] = {}
        for label, card in labelled:
            holders.setdefault(_value(card, field), []).append(label)
        if len(holders) > 1:
            # the one that most have comes last, and needs no list
            *few, most = sorted(holders, key=lambda value: len(holders[value]))
            parts = [
                f"{value or 'none'} for {', '.join(dict.fromkeys(holders[value]))}" for value in few
            ]
            parts.append(f"else {most or 'none'}")
            lines.append(f"{field}: {'; '.join(parts)}")
        else:
            value = next(iter(holders), "")
            if value and (field, value) != ("resize", "none"):
                common.append(form.format(value))
    return [*([" · ".join(common)] if common else []), *lines]


def conditions_of_runs(names: Sequence[str], cards: Sequence[Sequence[Card]]) -> list[str]:
    """Return the same for several runs: common to all cards, and in what the runs differ.

    Metrics of one run may differ from each other; that is no difference between runs, and not said.
    """
    every = [(name, card) for name, column in zip(names, cards, strict=True) for card in column]
    metrics = dict.fromkeys(card.metric for _, card in every)
    kept = []
    for line in conditions(every):
        field = line.partition(":")[0]
        if field not in _SAID:
            kept.append(line)  # what is common
            continue
        values = [
            {_value(card, field) for _, card in every if card.metric == metric}
            for metric in metrics
        ]
        if any(len(found) > 1 for found in values):
            kept.append(line)
    return kept


def _value(card: Card, field: str) -> str:
    value = getattr(card, field)
    said = f"{value:,}" if isinstance(value, int) else str(value)
    return "" if said in _UNSAID and field not in _COUNTS else said
