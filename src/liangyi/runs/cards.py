"""The cards of a run: `scores.json` in its folder."""

from __future__ import annotations

import json
from collections.abc import Sequence

from liangyi.core import files
from liangyi.core.errors import UserError
from liangyi.metrics.card import Card
from liangyi.runs.run import Run


def keep(cards: Sequence[Card], run: Run) -> None:
    """Write the cards of a run into its folder, in place of older ones.

    Raises:
        UserError: the folder cannot be written to.
    """
    try:
        files.write(run.scores, json.dumps([card.json() for card in cards], indent=2))
    except OSError as error:
        raise UserError(f"cannot write {run.scores}: {error.strerror}") from error


def kept(run: Run) -> list[Card]:
    """Return the cards in a run's folder, none where it was never scored.

    Raises:
        UserError: the file was edited to nonsense.
    """
    if not run.scores.exists():
        return []
    plain = files.read_json(run.scores)
    if not isinstance(plain, list):
        raise UserError(f"{run.scores} holds no cards; score the run anew")
    return [Card.parse(one, str(run.scores)) for one in plain]
