"""`liangyi score RUN`: how good a trained model is, as cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Le

from liangyi.cli.choose import Trained
from liangyi.cli.flags import parse
from liangyi.core.config import Natural

_ABOUT = (
    "How good a trained model is. A card is a figure with its 95 % interval, its floor (real items "
    "against other real items), and what it was measured on; scores.json and report.html keep them."
)


@dataclass(frozen=True, kw_only=True)
class Score(Trained):
    """On how many samples, and how it is told."""

    number: Annotated[int, Le(1_000_000)] = 5000  # samples, and real items
    seed: Natural = 0  # other seeds, other samples
    inception: bool = False  # also FID, KID and IS of papers; fetches weights at first use
    thorough: bool = False  # an evaluator trained ten times as long; its figures stand apart
    on: tuple[Path, ...] = ()  # folders of photographs to enlarge, beside the held-out ones
    perceptual: str = ""  # a classifier by which enlarged ones are compared, too: torchvision:vgg16
    json: bool = False  # for scripts


def main(words: Sequence[str]) -> None:
    """Measure, keep and print the cards."""
    import json

    from liangyi.cli.choose import named, run_of, weights_of
    from liangyi.cli.watch import say, track
    from liangyi.scoring import score
    from liangyi.session.report import write_report
    from liangyi.views import cards

    name, rest = named(words, "score")
    args = parse(Score, rest, "score RUN", _ABOUT)
    run = run_of(name, args.model)
    weights = weights_of(run, args.newest)
    found = score(
        run, args.number, args.seed, args.inception, tell=say, weights=weights,
        thorough=args.thorough, track=track, on=args.on, perceptual=args.perceptual,
    )  # fmt: skip
    write_report(run)
    if args.json:
        print(json.dumps([card.json() for card in found], indent=2))
    else:
        print(cards.table(found))
