"""Curves of a training: the log as small multiples, one inline SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass

from liangyi.views.axes import labels, powers, runs, short, smooth, thin, ticks
from liangyi.views.svg import document, span, tag, text, width_of

# Okabe and Ito's palette: apart for colour-blind eyes too; dashes go on where it ends
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")
DASHES = (None, "6 3", "2 3")
SKIP = {"step", "seconds"}
OWN = {"items_per_second", "images_per_second"}  # metrics with a panel of their own
FIRST = "training"  # title of the metrics without a prefix
WIDTHS = {1: 720.0, 2: 520.0, 3: 340.0}  # panels in a row: width of each
PLOT, LEFT, GAP, LINE = 150.0, 50.0, 26.0, 17.0  # height, margin of the axis, between panels
MANY = 60  # points from which on a curve is drawn faintly, and smoothed
Series = dict[str, list[tuple[float, float]]]  # metric -> (step, value)


@dataclass
class _Panel:
    """Curves that share their axes."""

    title: str
    series: Series  # not-a-number where the curve is broken
    log: bool

    def limits(self) -> tuple[float, float]:
        """Return the ends of the vertical axis, in units along it."""
        values = [v for line in self.series.values() for _, v in line if math.isfinite(v)]
        along = [self.along(value) for value in values] or [0.0]
        low, high = min(along), max(along)
        if low == high:
            room = abs(low) * 0.1 or 1.0
            return low - room, high + room
        # a measure that starts at zero shall be seen to do so
        low = 0.0 if not self.log and 0 <= low < 0.4 * high else low
        room = (high - low) * 0.06
        return low - room * (low != 0 or self.log), high + room

    def along(self, value: float) -> float:
        return math.log10(value) if self.log else value


def curves(lines: list[dict[str, float]]) -> str:
    """Draw the log of a training.

    Metrics with the same prefix ("test/accuracy", "test/loss") share a panel unless their sizes
    differ too much to be read together; those without a prefix share another. The vertical axis is
    logarithmic where a positive metric spans more than three decades. Long curves are drawn twice:
    faintly as they are, and smoothed.

    Args:
        lines: of log.jsonl: "step", and metrics that need not be in every line; "seconds" is
            not drawn. What is not a finite number breaks its curve.

    Returns:
        An inline SVG; text follows the page's `color`.
    """
    panels = _panels(_series(lines))
    if not panels:
        return document(400, 60, "training curves", [text(12, 36, "Nothing logged yet.")])
    columns = 2 if len(panels) in (2, 4) else min(3, len(panels))
    width = WIDTHS[columns]
    steps = [step for panel in panels for line in panel.series.values() for step, _ in line]
    legends = [_legend(panel, width) for panel in panels]
    body, y = [], 0.0
    for start in range(0, len(panels), columns):
        chosen = range(start, min(start + columns, len(panels)))
        head = 24 + LINE * max(len(legends[place]) for place in chosen)
        for column, place in enumerate(chosen):
            x = column * (width + GAP)
            body += [text(x, y + 16, panels[place].title, font_size=14, font_weight=650)]
            body += [
                tag("text", line, x=x, y=y + 35 + LINE * row, font_size=11.5)
                for row, line in enumerate(legends[place])
            ]
            body += _plot(panels[place], x + LEFT, y + head, width - LEFT, (min(steps), max(steps)))
        y += head + PLOT + 50
    return document(columns * (width + GAP) - GAP, y - 24, "training curves", body)


# from lines to panels


def _series(lines: list[dict[str, float]]) -> Series:
    series: Series = {}
    for line in lines:
        step = _number(line.get("step"))
        for name, value in line.items():
            # NaN is written as null by careful JSON writers
            if name not in SKIP and math.isfinite(step) and not isinstance(value, str | bool):
                series.setdefault(name, []).append((step, _number(value)))
    # a resumed run may have logged a step twice: the later line counts
    return {name: sorted(dict(found).items()) for name, found in series.items()}


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    return number if math.isfinite(number) else math.nan


def _panels(series: Series) -> list[_Panel]:
    groups: dict[str, Series] = {}
    for name, line in series.items():
        prefix, _, rest = name.rpartition("/")
        title = name.replace("_", " ") if name in OWN else prefix or FIRST
        groups.setdefault(title, {})[rest] = line
    order = sorted(groups, key=lambda title: (title != FIRST, title.replace(" ", "_") in OWN))
    return [panel for title in order for panel in _split(title, groups[title])]


def _split(title: str, group: Series) -> list[_Panel]:
    """Share a group out to panels in which every curve can be read."""
    bent = {name: line for name, line in group.items() if _decades(line) > 3}
    straight = {name: line for name, line in group.items() if name not in bent}
    if bent and all(_decades(line) >= 0 for line in straight.values()):
        bent, straight = group, {}
    # losses belong together: players are compared; other metrics have units of their own
    limit = 100 if title == FIRST else 6
    parts: list[tuple[Series, bool]] = [(bent, True)] if bent else []
    for name in sorted(straight, key=lambda name: -_size(straight[name])):
        shared = parts[-1][0] if parts and not parts[-1][1] else None
        if shared and _size(next(iter(shared.values()))) <= limit * _size(straight[name]):
            shared[name] = straight[name]
        else:
            parts.append(({name: straight[name]}, False))
    panels = []
    for part, log in parts:
        alone = f"{title}/{next(iter(part))}" if len(parts) > 1 and len(part) == 1 else title
        ordered = {name: line for name, line in group.items() if name in part}
        panels.append(_Panel(alone.removeprefix(f"{FIRST}/"), ordered, log))
    return panels


def _finite(line: list[tuple[float, float]]) -> list[float]:
    return [value for _, value in line if math.isfinite(value)]


def _size(line: list[tuple[float, float]]) -> float:
    return max((abs(value) for value in _finite(line)), default=0.0)


def _decades(line: list[tuple[float, float]]) -> float:
    """Return the span of a positive curve in powers of ten, -1 for others."""
    values = _finite(line)
    return math.log10(max(values) / min(values)) if values and min(values) > 0 else -1.0


# drawing


def _style(place: int) -> tuple[str, str | None]:
    return COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]


def _legend(panel: _Panel, width: float) -> list[str]:
    """Return lines of markup: each curve's colour, name and newest value."""
    lines, used = [""], 0.0
    for place, (name, line) in enumerate(panel.series.items()):
        newest = f" {short(line[-1][1], 4)}"
        room = width_of(name + newest, 11.5) + 34
        if lines[-1] and used + room > width:
            lines, used = [*lines, ""], 0.0
        gap = 14 if lines[-1] else None
        colour, dash = _style(place)
        lines[-1] += span("╍╍" if dash else "━━", fill=colour, dx=gap) + span(name, dx=4)
        lines[-1] += span(newest, opacity=0.65, dx=4)
        used += room
    return lines


def _plot(panel: _Panel, x: float, y: float, width: float, steps: tuple[float, float]) -> list[str]:
    """Draw axes and curves into a box whose upper left corner is (x, y)."""
    low, high = panel.limits()
    first, last = steps if steps[0] < steps[1] else (steps[0] - 1, steps[1] + 1)
    first = 0.0 if 0 < first < 0.2 * last else first

    def across(step: float) -> float:
        return x + (step - first) / (last - first) * width

    def up(along: float) -> float:
        return y + PLOT - (along - low) / (high - low) * PLOT

    body = []
    for mark, label in _marks(low, high, panel.log):
        rule = f"M{x:.1f} {up(mark):.1f}H{x + width:.1f}"
        body.append(tag("path", d=rule, stroke="currentColor", opacity=0.13))
        body.append(_mute(x - 7, up(mark) + 4, label, "end"))
    marks = ticks(first, last, 4) if steps[0] < steps[1] else [steps[0]]
    body += _below(
        [(across(mark), label) for mark, label in zip(marks, labels(marks), strict=True)],
        x,
        y + PLOT + 16,
        x + width,
    )
    for place, line in enumerate(panel.series.values()):
        ends = [(s, panel.along(v) if math.isfinite(v) else v) for s, v in line]
        drawn = [(across(s), up(v)) for s, v in ends]
        body += _curve(drawn, *_style(place))
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


def _marks(low: float, high: float, log: bool) -> list[tuple[float, str]]:
    """Return places on the vertical axis with their labels."""
    if log:
        return [(mark, short(10.0**mark)) for mark in powers(low, high)]
    marks = ticks(low, high, 5)
    return list(zip(marks, labels(marks), strict=True))


def _curve(points: list[tuple[float, float]], colour: str, dash: str | None) -> list[str]:
    body = []
    if len(points) > MANY:
        body.append(_path(thin(points), colour, 1.0, 0.28, None))
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
