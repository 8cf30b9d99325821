"""Panels as SVG: small multiples with one horizontal axis, their legends above each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from liangyi.views.axes import labels, powers, runs, short, smooth, thin, ticks
from liangyi.views.panels import Panel
from liangyi.views.svg import span, tag, text, width_of

# Okabe and Ito's palette: apart for colour-blind eyes too; dashes go on where it ends
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")
DASHES = (None, "6 3", "2 3")
LEFT, GAP, LINE = 50.0, 26.0, 17.0  # margin of the axis, between panels, of a legend
RIM = 4.0  # beyond the last panel: for the dot where its curve ends
SMALL = 11.5  # size of a legend's letters
MANY = 60  # points from which on a curve is drawn faintly, and smoothed


@dataclass(frozen=True)
class Layout:
    """How panels are laid out."""

    columns: int
    width: float  # of a panel, its axis included
    height: float = 150.0  # of the curves alone
    title: float = 14.0  # size of letters
    faint: float = 0.28  # opacity of a long curve as it is, behind its smoothed self

    @property
    def whole(self) -> float:
        """Width of all columns with their gaps."""
        return self.columns * (self.width + GAP) - GAP


def style(place: int) -> tuple[str, str | None]:
    """Return the colour and the dashes of the curve at a place."""
    return COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]


def reach(panels: Sequence[Panel]) -> tuple[float, float]:
    """Return the first and the last step of all panels."""
    steps = [step for panel in panels for line in panel.series.values() for step, _ in line]
    return min(steps), max(steps)


def panels_from(
    top: float,
    panels: Sequence[Panel],
    layout: Layout,
    steps: tuple[float, float],
    legend: Callable[[Panel], list[str]] = lambda panel: [],
    newest: bool = False,
) -> tuple[list[str], float]:
    """Draw panels row by row.

    Args:
        top: where the first row begins.
        panels: in order.
        layout: columns and sizes.
        steps: ends of the horizontal axis.
        legend: gives lines of markup to write below the title of a panel.
        newest: whether the newest value of its first curve stands beside the title.

    Returns:
        Elements, and where the last row ends.
    """
    body, y, columns = [], top, layout.columns
    for start in range(0, len(panels), columns):
        row = panels[start : start + columns]
        legends = [legend(panel) for panel in row]
        head = 24 + LINE * max(len(lines) for lines in legends)
        for column, (panel, lines) in enumerate(zip(row, legends, strict=True)):
            x = column * (layout.width + GAP)
            body.append(text(x, y + 16, panel.title, font_size=layout.title, font_weight=650))
            if newest:
                value = short(next(iter(panel.series.values()))[-1][1], 3)
                body.append(_mute(x + layout.width, y + 16, value, "end"))
            body += [
                tag("text", line, x=x, y=y + 35 + LINE * place, font_size=SMALL)
                for place, line in enumerate(lines)
            ]
            body += _plot(panel, x + LEFT, y + head, layout, steps)
        y += head + layout.height + 50
    return body, y - 24


def wrapped(entries: Sequence[tuple[str, str]], width: float) -> list[str]:
    """Return a legend in as many lines of markup as its width asks for.

    Args:
        entries: of each curve the name, and what stands faintly behind it.
        width: of a line.
    """
    lines, used = [""], 0.0
    for place, (name, beside) in enumerate(entries):
        room = width_of(f"{name} {beside}", SMALL) + 34
        if lines[-1] and used + room > width:
            lines, used = [*lines, ""], 0.0
        gap = 14 if lines[-1] else None
        colour, dash = style(place)
        lines[-1] += span("╍╍" if dash else "━━", fill=colour, dx=gap) + span(name, dx=4)
        lines[-1] += span(f" {beside}", opacity=0.65, dx=4) if beside else ""
        used += room
    return lines


def _plot(
    panel: Panel, x: float, y: float, layout: Layout, steps: tuple[float, float]
) -> list[str]:
    """Draw axes and curves into a box whose upper left corner is (x, y)."""
    width, height = layout.width - LEFT, layout.height
    low, high = panel.limits()
    first, last = steps if steps[0] < steps[1] else (steps[0] - 1, steps[1] + 1)
    first = 0.0 if 0 < first < 0.2 * last else first

    def across(step: float) -> float:
        return x + (step - first) / (last - first) * width

    def up(along: float) -> float:
        return y + height - (along - low) / (high - low) * height

    body = []
    for mark, label in _marks(low, high, panel.log, round(height / 30)):
        rule = f"M{x:.1f} {up(mark):.1f}H{x + width:.1f}"
        body.append(tag("path", d=rule, stroke="currentColor", opacity=0.13))
        body.append(_mute(x - 7, up(mark) + 4, label, "end"))
    most = 4 if width > 200 else 3
    marks = ticks(first, last, most) if steps[0] < steps[1] else [steps[0]]
    body += _below(
        [(across(mark), label) for mark, label in zip(marks, labels(marks), strict=True)],
        x,
        y + height + 16,
        x + width,
    )
    for place, (name, line) in enumerate(panel.series.items()):
        ends = [(s, panel.along(v) if math.isfinite(v) else v) for s, v in line]
        drawn = _curve([(across(s), up(v)) for s, v in ends], *style(place), layout.faint)
        # what the pointer rests on says its name
        body += [tag("g", span(name, "title") + "".join(drawn))] if drawn else []
    return body


def _below(marks: list[tuple[float, str]], left: float, y: float, right: float) -> list[str]:
    """Write the labels of the horizontal axis."""
    body = []
    for x, label in marks:
        # at the rim a label must stay inside the picture
        rim = x + width_of(label, 11) / 2 > right
        body.append(_mute(right if rim else x, y, label, "end" if rim else "middle"))
    first = min((x - width_of(label, 11) / 2 for x, label in marks), default=left)
    return [*body, _mute(min(left, first) - 5, y, "step", "end")]


def _marks(low: float, high: float, log: bool, most: int) -> list[tuple[float, str]]:
    """Return places on the vertical axis with their labels."""
    if log:
        return [(mark, short(10.0**mark)) for mark in powers(low, high, most)]
    marks = ticks(low, high, most)
    return list(zip(marks, labels(marks), strict=True))


def _curve(
    points: list[tuple[float, float]], colour: str, dash: str | None, faint: float
) -> list[str]:
    if not points:
        return []
    body = []
    if len(points) > MANY:
        body.append(_path(thin(points), colour, 1.0, faint, None))
        points = smooth(points)
    body.append(_path(thin(points), colour, 2.0, 1.0, dash))
    parts = list(runs(points))
    # a lone point makes no line; the newest is where the eye goes
    alone = [part[0] for part in parts if len(part) == 1] + [part[-1] for part in parts[-1:]]
    body += [tag("circle", cx=x, cy=y, r=2.8, fill=colour) for x, y in dict.fromkeys(alone)]
    return body


def _path(
    points: list[tuple[float, float]], colour: str, width: float, opacity: float, dash: str | None
) -> str:
    parts = ["L".join(f"{x:.1f} {y:.1f}" for x, y in part) for part in runs(points)]
    return tag(
        "path",
        d="".join(f"M{part}" for part in parts),
        fill="none",
        stroke=colour,
        stroke_width=width,
        stroke_linejoin="round",
        stroke_dasharray=dash,
        opacity=opacity,
    )


def _mute(x: float, y: float, words: str, anchor: str) -> str:
    return text(x, y, words, font_size=11, opacity=0.65, text_anchor=anchor)
