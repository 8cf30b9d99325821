"""Several runs side by side: settings, and cards, with the reason where they are not ranked."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liangyi.core import files
from liangyi.core.config import to_plain
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
    differing: dict[str, Sequence[str]]  # setting -> its value in each run, where they differ
    notes: Sequence[str] = ()  # for people: what is missing, and what gives it

    def json(self) -> dict[str, Any]:
        """Return the plain form for scripts."""
        return {
            "runs": {
                name: {
                    "path": str(run.path),
                    "verdicts": [verdict.json() for verdict in verdicts_of(run)],
                    "cards": [card.json() for card in cards],
                }
                for name, run, cards in zip(self.names, self.runs, self.cards, strict=True)
            },
            "settings": self.differing,
            "not_ranked": self.refusals,
            "notes": list(self.notes),
        }


def compared(runs: Sequence[Run]) -> Comparison:
    """Lay runs beside each other; cards of those that were scored.

    Raises:
        UserError: a run is named twice.
    """
    places = [run.path.resolve() for run in runs]
    for run, place in zip(runs, places, strict=True):
        if places.count(place) > 1:
            raise UserError(f"{run.path}: the same run twice; name each run once")
    cards = [kept(run) for run in runs]
    unscored = [run for run, own in zip(runs, cards, strict=True) if not own]
    notes = []
    if unscored:
        commands = "; ".join(f"liangyi score {shlex.quote(str(run.path))}" for run in unscored)
        notes.append(f"without cards so far: {commands}")
    metrics: dict[str, list[Card]] = {}
    for own in cards:
        for card in own:
            metrics.setdefault(card.metric, []).append(card)
    shared = {metric: found for metric, found in metrics.items() if len(found) > 1}
    if not shared and not unscored:
        kinds = " and ".join(dict.fromkeys(run.kind.name() for run in runs))
        notes.append(f"nothing is measured of two of these runs: {kinds} are scored otherwise")
    reasons = {metric: refusal(found) for metric, found in shared.items()}
    refusals = {name: why for name, why in reasons.items() if why is not None}
    return Comparison(runs, _names(runs), cards, refusals, differing(runs), notes)


def differing(runs: Sequence[Run]) -> dict[str, Sequence[str]]:
    """Return the settings of model, data and training in which runs differ: name -> their values.

    What a run's model or data has no such setting for is an empty text.
    """
    each = [_settings(run) for run in runs]
    names = dict.fromkeys(name for own in each for name in own)
    found = {name: [own.get(name, "") for own in each] for name in names}
    return {name: values for name, values in found.items() if len(set(values)) > 1}


def _settings(run: Run) -> dict[str, str]:
    """Return all settings of a run as people type them."""
    data = {name: value for name, value in run.plain["data"].items() if name != "source"}
    every = {"model": run.kind.name(), **data, **to_plain(run.config), **to_plain(run.training)}
    return {name: _typed(value) for name, value in every.items()}


def _typed(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


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
            step=max((card.step for card in cards), default=run.made),
            sample=run.newest_sample(),
            verdicts=verdicts_of(run),
            cards=cards,
            lines=run.lines(),
        )
        for name, run, cards in zip(found.names, found.runs, found.cards, strict=True)
    ]
    title = " and ".join(found.names)
    page = comparison_page(title, columns, found.refusals, found.differing, found.notes)
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
