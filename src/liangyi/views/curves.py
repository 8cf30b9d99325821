"""Curves of a training: the log as small multiples, one inline SVG."""

from __future__ import annotations

from liangyi.views.axes import short
from liangyi.views.panels import Panel, grouped, series, signals
from liangyi.views.plots import RIM, Layout, panels_from, reach, wrapped
from liangyi.views.svg import document, text

WIDTHS = {1: 720.0, 2: 520.0, 3: 340.0}  # panels in a row: width of each
SMALL = Layout(columns=4, width=248.5, height=84.0, title=12.5)  # as wide as three large ones
HEADING = "Signals: what the doctor looks at"


def curves(lines: list[dict[str, float]]) -> str:
    """Draw the log of a training.

    Metrics with the same prefix ("test/accuracy", "test/loss") share a panel unless their sizes
    differ too much to be read together; those without a prefix share another. The vertical axis is
    logarithmic where a positive metric spans more than three decades. Long curves are drawn twice:
    faintly as they are, and smoothed. Below them each of the doctor's signals ("signal/energy")
    has a small panel of its own.

    Args:
        lines: of log.jsonl: "step", and metrics that need not be in every line; "seconds" is
            not drawn. What is not a finite number breaks its curve.

    Returns:
        An inline SVG; text follows the page's `color`.
    """
    found = series(lines)
    large, small = grouped(found), signals(found)
    if not large + small:
        return document(400, 60, "training curves", [text(12, 36, "Nothing logged yet.")])
    steps = reach(large + small)
    body: list[str] = []
    y = width = 0.0
    if large:
        layout = layout_of(len(large))

        def legend(panel: Panel) -> list[str]:
            beside = [(name, short(line[-1][1], 4)) for name, line in panel.series.items()]
            return wrapped(beside, layout.width)

        body, y = panels_from(0.0, large, layout, steps, legend)
        width = layout.whole
    if small:
        y += 24 if large else 0
        body.append(text(0, y + 18, HEADING, font_size=14, font_weight=650))
        drawn, y = panels_from(y + 30, small, SMALL, steps, newest=True)
        body += drawn
        width = max(width, SMALL.whole)
    return document(width + RIM, y, "training curves", body)


def layout_of(count: int, faint: float = 0.28) -> Layout:
    """Return how so many large panels are laid out: without holes where that can be."""
    columns = 2 if count in (2, 4) else min(3, count)
    return Layout(columns, WIDTHS[columns], faint=faint)
