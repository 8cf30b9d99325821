"""How good a trained model is: cards, each with everything that decides what it may meet.

A scorer is one file of `scorers/` with a function `cards(subject)`, found by its being there; it
returns the cards of the models that it knows how to score, and none of others.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from pathlib import Path

from liangyi.core.errors import UserError
from liangyi.core.tracking import Track, untracked
from liangyi.metrics.card import Cards
from liangyi.runs.cards import keep
from liangyi.runs.run import Run, Weights
from liangyi.scoring import scorers
from liangyi.scoring.subject import Subject

__all__ = ["score"]


def score(
    run: Run,
    number: int = 5000,
    seed: int = 0,
    inception: bool = False,
    tell: Callable[[str], None] = lambda line: None,
    weights: Weights = "best",
    thorough: bool = False,
    track: Track = untracked,
    on: Sequence[Path] = (),
    perceptual: str = "",
) -> Cards:
    """Measure the trained model of a run, keep the cards in its folder and return them.

    Args:
        run: the run.
        number: of samples, and of real items to compare them with; fewer where there are fewer.
        seed: decides the samples.
        inception: also take the measures of papers, in the features of Inception-v3.
        tell: is given lines for people.
        weights: of the best checkpoint, where there is one that was found to be, or the newest.
        thorough: look with the evaluator that was trained longer; pictures only.
        track: follows what takes long.
        on: folders of photographs that a model enlarges, beside the held-out ones.
        perceptual: a classifier (a run, `torchvision:NAME`, `torchvision:NAME@FILE`) by whose maps
            enlarged photographs are compared, too.

    Raises:
        UserError: the run has nothing to score, or too little to compare it with.
    """
    subject = Subject.of(
        run, number, seed, tell, inception, weights, thorough, track, on, perceptual
    )
    cards = Cards()
    for module in pkgutil.iter_modules(scorers.__path__):
        scorer = importlib.import_module(f"{scorers.__name__}.{module.name}")
        known = {card.metric for card in cards}
        cards += [card for card in scorer.cards(subject) if card.metric not in known]
    if not cards:
        raise UserError(f"there is nothing to score about {run.kind.name()} on {run.data_name}")
    keep(cards, run)
    return cards
