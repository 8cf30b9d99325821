"""Several runs side by side: their cards, with the reason where they must not be ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liangyi.core import files
from liangyi.core.errors import UserError
from liangyi.doctor.diagnosis import verdicts_of
from liangyi.metrics.card import Card, refusal
from liangyi.runs.cards import kept
from liangyi.runs.run import Run
from liangyi.views.comparison import Column, comparison_page


@dataclass(frozen=True)
class Comparison:
    """What is known of several runs."""

    runs: Sequence[Run]
    names: Sequence[str]  # no two are equal
    cards: Sequence[Sequence[Card]]  # of each run
    refusals: dict[str, str]  # metric -> why its cards must not be ranked

    def json(self) -> dict[str, Any]:
        """Return the plain form for scripts."""
        return {
            "runs": {
                name: {"path": str(run.path), "cards": [card.json() for card in cards]}
                for name, run, cards in zip(self.names, self.runs, self.cards, strict=True)
            },
            "not_ranked": self.refusals,
        }


def compared(runs: Sequence[Run]) -> Comparison:
    """Lay the cards of runs beside each other.

    Raises:
        UserError: a run is named twice or was never scored, or no metric is common to two of them.
    """
    places = [run.path.resolve() for run in runs]
    for run, place in zip(runs, places, strict=True):
        if places.count(place) > 1:
            raise UserError(f"{run.path}: the same run twice; name each run once")
    cards = [kept(run) for run in runs]
    for run, own in zip(runs, cards, strict=True):
        if not own:
            raise UserError(f"{run.path} was never scored; liangyi score {run.path}")
    metrics: dict[str, list[Card]] = {}
    for own in cards:
        for card in own:
            metrics.setdefault(card.metric, []).append(card)
    shared = {metric: found for metric, found in metrics.items() if len(found) > 1}
    if not shared:
        kinds = " and ".join(dict.fromkeys(run.kind.name() for run in runs))
        raise UserError(f"nothing is measured of two of these runs: {kinds} are scored otherwise")
    reasons = {metric: refusal(found) for metric, found in shared.items()}
    return Comparison(
        runs, _names(runs), cards, {name: why for name, why in reasons.items() if why is not None}
    )


def write_page(found: Comparison, out: Path) -> None:
    """Write the page of a comparison.

    Raises:
        UserError: it cannot be written there.
    """
    columns = [
        Column(
            name=name,
            model=run.kind.name(),
            data=run.data_name,
            step=max((card.step for card in cards), default=0),
            sample=run.newest_sample(),
            verdicts=verdicts_of(run),
            cards=cards,
            lines=run.lines(),
        )
        for name, run, cards in zip(found.names, found.runs, found.cards, strict=True)
    ]
    page = comparison_page(" and ".join(found.names), columns, found.refusals)
    try:
        files.write(out, page)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror}") from error


def _names(runs: Sequence[Run]) -> list[str]:
    """Return the runs' names, or as much of their paths as tells them apart."""
    paths = [run.path.absolute().parts for run in runs]
    length = 1
    while len({parts[-length:] for parts in paths}) < len(paths):
        length += 1
    return ["/".join(parts[-length:]) for parts in paths]
