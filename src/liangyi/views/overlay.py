"""Curves of several trainings over each other: one panel a metric, one colour a run."""

from __future__ import annotations

from collections.abc import Mapping

from liangyi.views.curves import layout_of
from liangyi.views.panels import OWN, SIGNAL, series, single
from liangyi.views.plots import LINE, RIM, SMALL, panels_from, reach, wrapped
from liangyi.views.svg import document, tag, text

# of the doctor's many signals those that say how good a run is
TELLING = {f"{SIGNAL}{name}" for name in ("energy", "diversity", "coverage")}
NOTHING = "No metric was logged by two runs."


def overlaid(runs: Mapping[str, list[dict[str, float]]]) -> str:
    """Draw the metrics that at least two runs have.

    A run has the same colour in every panel, which is that of its place. Axes are those of
    `curves`; of the doctor's signals only energy, diversity and coverage are drawn.

    Args:
        runs: name -> lines of its log, as `curves` takes them.

    Returns:
        An inline SVG; text follows the page's `color`.
    """
    found = {name: series(lines) for name, lines in runs.items()}
    metrics = dict.fromkeys(metric for curves in found.values() for metric in curves)
    shared = [
        metric
        for metric in metrics
        if sum(metric in curves for curves in found.values()) > 1
        and (metric in TELLING or not metric.startswith(SIGNAL))
    ]
    if not shared:
        return document(400, 60, "curves of the runs", [text(0, 36, NOTHING)])
    # losses first, then measures, the doctor's, and how fast it went
    shared.sort(key=lambda metric: (metric in OWN, metric.startswith(SIGNAL), "/" in metric))
    panels = [
        # a run without the metric keeps its place, and with it everyone's colour
        single(_title(metric), {name: curves.get(metric, []) for name, curves in found.items()})
        for metric in shared
    ]
    layout = layout_of(len(panels), faint=0.14)
    legend = wrapped([(name, "") for name in runs], layout.whole)
    body = [
        tag("text", line, x=0.0, y=14 + LINE * place, font_size=SMALL)
        for place, line in enumerate(legend)
    ]
    drawn, y = panels_from(LINE * len(legend) + 14, panels, layout, reach(panels))
    return document(layout.whole + RIM, y, "curves of the runs", body + drawn)


def _title(metric: str) -> str:
    return metric.removeprefix(SIGNAL).replace("_", " ")
