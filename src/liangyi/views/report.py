"""The report of a run: one self-contained page that needs no network and no other file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from liangyi.views.axes import short
from liangyi.views.curves import curves
from liangyi.views.page import BEHAVIOUR, STYLE

MOST_SAMPLES = 40
GUARD = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
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

    Returns:
        HTML. All strings except `diagram` are escaped.
    """
    body = [
        f"<header><h1>{escape(title)}</h1>{_facts(summary)}{_notes(notes)}</header>",
        _section("Samples", _samples(samples)),
        _section("Curves", f'<div class="wide">{curves(lines)}</div>'),
        _section("Architecture", _architecture(diagram, tables)),
        _section("Settings", _settings(settings)),
        _section("Versions", _facts(versions)),
    ]
    return _page(escape(title), body)


def _page(title: str, body: list[str]) -> str:
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{GUARD}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
            *body,
            f"</main>\n<script>{BEHAVIOUR}</script>\n</body>\n</html>\n",
        ]
    )


def thinned(samples: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Return at most 40 samples in order of their steps, evenly taken, with the first and last."""
    ordered = sorted(samples, key=lambda sample: sample[0])
    if len(ordered) <= MOST_SAMPLES:
        return ordered
    pace = (len(ordered) - 1) / (MOST_SAMPLES - 1)
    return [ordered[round(place * pace)] for place in range(MOST_SAMPLES)]


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>\n{content}\n</section>" if content else ""


def _facts(facts: Mapping[str, str]) -> str:
    pairs = [
        f"<div><dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in facts.items()
    ]
    return f'<dl class="facts">{"".join(pairs)}</dl>' if pairs else ""


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _samples(samples: Sequence[tuple[int, bytes]]) -> str:
    """Show the newest picture large, and all in order beside it to choose from."""
    chosen = thinned(samples)
    if not chosen:
        return ""
    sources = [f"data:image/png;base64,{base64.b64encode(png).decode()}" for _, png in chosen]
    small = "".join(
        f'<button type="button" data-step="{step:,}"{CURRENT if place == len(chosen) - 1 else ""}>'
        f'<img alt="samples after {step:,} steps" src="{source}">{short(step, 4)}</button>'
        for place, ((step, _), source) in enumerate(zip(chosen, sources, strict=True))
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


def _architecture(diagram: str, tables: str) -> str:
    drawn = f'<div class="wide flush">{diagram}</div>' if diagram else ""
    if not tables:
        return drawn
    listing = f"<summary>Table of layers</summary><pre>{escape(tables)}</pre>"
    return f"{drawn}\n<details>{listing}</details>"


def _settings(settings: Settings) -> str:
    tables = []
    for section, rows in settings.items():
        cells = "".join(
            f"<tr><th>{escape(name)}</th><td><code>{escape(_value(value))}</code></td>"
            f"<td>{escape(words)}</td></tr>"
            for name, (value, words) in rows.items()
        )
        table = f"<table><caption>{escape(section)}</caption>{cells}</table>"
        tables.append(f'<div class="wide">{table}</div>')
    return "".join(tables)


def _value(value: Any) -> str:
    """Write a value as it would be typed."""
    if isinstance(value, list | tuple):
        return " ".join(_value(part) for part in value)
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)
