"""How good a trained model is: cards, each with everything that decides what it may meet."""

from __future__ import annotations

from collections.abc import Callable

from liangyi.core.errors import UserError
from liangyi.core.run import Run
from liangyi.metrics.card import Card, keep
from liangyi.scoring import codes, labels, pictures, points, sentences
from liangyi.scoring.subject import Subject

__all__ = ["score"]


def score(
    run: Run,
    number: int = 5000,
    seed: int = 0,
    inception: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Card]:
    """Measure the trained model of a run, keep the cards in its folder and return them.

    Args:
        run: the run.
        number: of samples, and of real items to compare them with; fewer where there are fewer.
        seed: decides the samples.
        inception: also take the measures of papers, in the features of Inception-v3.
        tell: is given lines for people.

    Raises:
        UserError: the run has nothing to score, or too little to compare it with.
    """
    subject = Subject.of(run, number, seed, tell)
    cards = [
        *pictures.cards(subject, inception),
        *points.cards(subject),
        *sentences.cards(subject),
        *codes.cards(subject),
        *labels.cards(subject),
    ]
    if not cards:
        raise UserError(
            f"there is nothing to score about {run.kind.name()}: it draws, codes and names nothing"
        )
    keep(cards, run.path)
    return cards
