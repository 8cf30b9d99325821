"""The report of a run: one self-contained page that needs no network and no other file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from liangyi.doctor.verdict import Verdict
from liangyi.metrics.card import Card
from liangyi.views.axes import short
from liangyi.views.cards_html import html
from liangyi.views.curves import curves
from liangyi.views.diagnosis import diagnosis
from liangyi.views.page import facts, page, picture, section, source

MOST_SAMPLES = 40
CURRENT = ' aria-current="true"'
Settings = Mapping[str, Mapping[str, tuple[Any, str]]]


def report(
    *,
    title: str,
    summary: Mapping[str, str],
    lines: list[dict[str, float]],
    samples: Sequence[tuple[int, bytes]],
    diagram: str,
    tables: str,
    settings: Settings,
    versions: Mapping[str, str],
    notes: Sequence[str],
    cards: Sequence[Card] = (),
    verdicts: Sequence[Verdict] = (),
    nearest: bytes | None = None,
) -> str:
    """Write the page.

    Args:
        title: what was run.
        summary: the few facts to see first, name -> value.
        lines: of the log, as `curves` takes them.
        samples: (step, PNG file) in any order; at most 40 are shown, the first and last always.
        diagram: architecture as SVG, put in as it is.
        tables: architecture as text.
        settings: section -> setting -> (value, help).
        versions: program -> version.
        notes: sentences that the reader should know, shown first.
        cards: how good the model is.
        verdicts: the doctor's.
        nearest: PNG file: generated pictures above the nearest training pictures.

    Returns:
        HTML. All strings except `diagram` are escaped.
    """
    body = [
        f"<header><h1>{escape(title)}</h1>{facts(summary)}{_notes(notes)}</header>",
        section("Diagnosis", diagnosis(verdicts)),
        section("Samples", _samples(samples)),
        section("How good", html(cards)),
        section("Nearest training pictures", _nearest(nearest) if nearest else ""),
        section("Curves", f'<div class="wide">{curves(lines)}</div>'),
        section("Architecture", _architecture(diagram, tables)),
        section("Settings", _settings(settings)),
        section("Versions", facts(versions)),
    ]
    return page(title, body)


def thinned(samples: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Return at most 40 samples in order of their steps, evenly taken, with the first and last."""
    ordered = sorted(samples, key=lambda sample: sample[0])
    if len(ordered) <= MOST_SAMPLES:
        return ordered
    pace = (len(ordered) - 1) / (MOST_SAMPLES - 1)
    return [ordered[round(place * pace)] for place in range(MOST_SAMPLES)]


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _samples(samples: Sequence[tuple[int, bytes]]) -> str:
    """Show the newest picture large, and all in order beside it to choose from."""
    chosen = thinned(samples)
    if not chosen:
        return ""
    sources = [source(png) for _, png in chosen]
    small = "".join(
        f'<button type="button" data-step="{step:,}"{CURRENT if place == len(chosen) - 1 else ""}>'
        f'<img alt="samples after {step:,} steps" src="{address}">{short(step, 4)}</button>'
        for place, ((step, _), address) in enumerate(zip(chosen, sources, strict=True))
    )
    # hidden until the script has proved that it runs
    slider = (
        '<div class="slider" hidden><button type="button" aria-label="play">▶</button>'
        f'<input type="range" min="0" max="{len(chosen) - 1}" aria-label="step"></div>'
    )
    step = f"{chosen[-1][0]:,}"
    large = (
        f'<figure><img class="large" alt="the chosen samples" src="{sources[-1]}">'
        f"<figcaption>after <output>{step}</output> steps</figcaption>{slider}</figure>"
    )
    strip = f'<div class="strip">{small}</div>' if len(chosen) > 1 else ""
    return f'<div class="samples">{large}{strip}</div>'


def _nearest(png: bytes) -> str:
    words = "Upper row: generated. Lower row: the training item that each is nearest to."
    shown = picture(png, "generated pictures above their nearest training pictures")
    return f"<figure>{shown}<figcaption>{words}</figcaption></figure>"


def _architecture(diagram: str, tables: str) -> str:
    drawn = f'<div class="wide flush">{diagram}</div>' if diagram else ""
    if not tables:
        return drawn
    listing = f"<summary>Table of layers</summary><pre>{escape(tables)}</pre>"
    return f"{drawn}\n<details>{listing}</details>"


def _settings(settings: Settings) -> str:
    tables = []
    for part, rows in settings.items():
        cells = "".join(
            f"<tr><th>{escape(name)}</th><td><code>{escape(_value(value))}</code></td>"
            f"<td>{escape(words)}</td></tr>"
            for name, (value, words) in rows.items()
        )
        table = f"<table><caption>{escape(part)}</caption>{cells}</table>"
        tables.append(f'<div class="wide">{table}</div>')
    return "".join(tables)


def _value(value: Any) -> str:
    """Write a value as it would be typed."""
    if isinstance(value, list | tuple):
        return " ".join(_value(part) for part in value)
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)
