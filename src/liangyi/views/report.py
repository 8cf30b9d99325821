"""The report of a run: one self-contained page that needs no network and no other file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from liangyi.doctor.verdict import Verdict
from liangyi.metrics.card import Card
from liangyi.runs.sheets import Places
from liangyi.views import charts, diagram, intervals, pages, table
from liangyi.views.conditions import conditions

MOST_SAMPLES = 40
Settings = Mapping[str, Mapping[str, tuple[Any, str]]]


def report(
    *,
    title: str,
    summary: Mapping[str, str],
    lines: list[dict[str, float]],
    samples: Sequence[tuple[int, bytes]],
    networks: dict[str, list[table.Layer]],
    settings: Settings,
    versions: Mapping[str, str],
    notes: Sequence[str] = (),
    cards: Sequence[Card] = (),
    verdicts: Sequence[Verdict] = (),
    nearest: bytes | None = None,
    real: bytes | None = None,
    places: Places | None = None,
    manifold: bytes | None = None,
) -> str:
    """Write the page.

    Args:
        title: what was run.
        summary: the few facts to see first, name -> value.
        lines: of the log: "step", and metrics that need not be in every line.
        samples: (step, PNG file) in any order; at most 40 are shown, the first and last always.
        networks: name -> layers, as `table.layers` returns them.
        settings: section -> setting -> (value, help).
        versions: program -> version.
        notes: sentences that the reader should know, shown first.
        cards: how good the model is.
        verdicts: the doctor's.
        nearest: PNG file: generated pictures above the nearest training pictures.
        real: PNG file: real items to hold beside the samples, as many and as large.
        places: of pictures in a code of two or three numbers, to be looked at.
        manifold: PNG file: decoded codes of two numbers, side by side.

    Returns:
        HTML. All words are escaped.
    """
    return pages.render(
        "report.html",
        title=title,
        summary=summary,
        charts=charts.of_training(lines),
        samples=thinned(samples),
        networks=_networks(networks),
        diagram=Markup(diagram.svg(networks, "")) if networks else "",
        settings=settings,
        versions=versions,
        notes=notes,
        cards=cards,
        card_notes=[intervals.legend(cards), *conditions([(card.metric, card) for card in cards])],
        verdicts=verdicts,
        nearest=nearest,
        real=real,
        places=None if places is None else dataclasses.asdict(places),
        manifold=manifold,
    )


def thinned(samples: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Return at most 40 samples in order of their steps, evenly taken, with the first and last."""
    ordered = sorted(samples, key=lambda sample: sample[0])
    if len(ordered) <= MOST_SAMPLES:
        return ordered
    pace = (len(ordered) - 1) / (MOST_SAMPLES - 1)
    return [ordered[round(place * pace)] for place in range(MOST_SAMPLES)]


def _networks(networks: Mapping[str, list[table.Layer]]) -> list[dict[str, Any]]:
    """Return what the tables of layers show."""
    return [
        {
            "name": name,
            "rows": [(row, table.sides(row.shape)) for row in layers],
            "totals": table.summary(layers),
        }
        for name, layers in networks.items()
    ]
