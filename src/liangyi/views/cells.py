"""What runs, models and cards look like in a notebook: HTML without styles and scripts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from torch import nn

from liangyi.core.cell import cell
from liangyi.core.config import help_of
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.doctor.diagnosis import verdicts_of
from liangyi.doctor.verdict import Verdict
from liangyi.metrics.card import Card, Cards
from liangyi.runs.run import Run
from liangyi.views import pages
from liangyi.views.cards import legend
from liangyi.views.conditions import conditions
from liangyi.views.curves import curves
from liangyi.views.figures import figures, short


@cell.register
def _(run: Run) -> str:
    """Show what it is, how far it is, what it draws, how its losses went, and the verdicts."""
    verdicts: Sequence[Verdict] = ()
    drawn, trouble = None, ""
    try:
        drawn, verdicts = curves(run.lines()), verdicts_of(run)
    except UserError as error:  # its log or its cards are damaged: all else is still true
        trouble = str(error)
    step = run.made
    return pages.part(
        "cell_run.html", run=run, step=step, sample=run.newest_sample(), curves=drawn,
        verdicts=verdicts, trouble=trouble,
    )  # fmt: skip


@cell.register
def _(model: Model) -> str:
    """Show what it is, its parts with their numbers of weights, its verbs and its settings."""
    parts = [(name, type(part).__name__, _weights(part)) for name, part in model.named_children()]
    parts += [(name, "weights", one.numel()) for name, one in model.named_parameters(recurse=False)]
    config, helps = model.config, help_of(type(model.config))
    settings = {f.name: getattr(config, f.name) for f in dataclasses.fields(config)}
    return pages.part(
        "cell_model.html",
        name=model.name(),
        about=(type(model).__doc__ or "").strip().split("\n")[0],
        spec=model.spec,
        parts=parts,
        total=_weights(model),
        verbs=[
            (_call(model, name), verb.about.replace("`", ""))
            for name, verb in model.verbs().items()
        ],
        settings={name: (value, helps.get(name, "")) for name, value in settings.items()},
    )


@cell.register
def _(cards: Cards) -> str:
    """Show their values, intervals and floors, and what these mean."""
    said = [legend(cards), *conditions([(card.metric, card) for card in cards])]
    rows = [(card, *figures(card), _interval(card)) for card in cards]
    return pages.part("cell_cards.html", rows=rows, notes=said)


def _interval(card: Card) -> str:
    """Return both ends, as exact as the margin is written; nothing where they are not known."""
    away = figures(card)[1]
    if not away or card.interval is None:
        return ""
    decimals = len(away.partition(".")[2])
    ends = [short(x, 4) if "e" in away else f"{x:.{decimals}f}" for x in card.interval]
    return " … ".join(ends)


def progress_cell(line: str, share: float) -> str:
    """Return a line about a training with a bar before it.

    Args:
        line: in words.
        share: of the steps that were made, 0 to 1.
    """
    return pages.part("cell_progress.html", line=line, share=share)


def _weights(part: nn.Module) -> int:
    return sum(one.numel() for one in part.parameters())


def _call(model: Model, name: str) -> str:
    """Return a verb as one would call it."""
    parameters: dict[str, Any] = dict(model.verbs()[name].parameters)
    return f"{name}({', '.join(str(one).split(':')[0] for one in parameters.values())})"
