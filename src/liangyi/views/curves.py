"""The losses of a training as a small picture: for where no script runs."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from liangyi.views.charts import MANY, Lines, smoothed
from liangyi.views.panels import Panel, grouped, series

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")
_FAINT = "#8a94a3"  # readable on white and on black


@dataclass(frozen=True)
class Curves:
    """A picture and its key, which is words, whatever the metrics are called."""

    png: bytes
    key: list[tuple[str, str, float]]  # colour, metric, its newest value


def curves(lines: Lines) -> Curves | None:
    """Draw the first panel of a log, which are the losses; None where nothing was logged.

    The picture has no paper, so that it suits a light and a dark notebook.
    """
    panels = grouped(series(lines))
    return _drawn(panels[0]) if panels else None


def _drawn(panel: Panel) -> Curves:
    from matplotlib.figure import Figure  # late: it takes a second

    figure = Figure(figsize=(4.4, 2.9), dpi=160, layout="constrained")
    axes = figure.add_subplot()
    key = []
    for place, (name, line) in enumerate(panel.series.items()):
        colour = COLOURS[place % len(COLOURS)]
        steps, values = (np.array(column, dtype=np.float64) for column in zip(*line, strict=True))
        many = len(values) > MANY
        axes.plot(steps, values, color=colour, linewidth=1.2, alpha=0.35 if many else 1)
        if many:
            smooth = 10 ** smoothed(np.log10(values)) if panel.log else smoothed(values)
            axes.plot(steps, smooth, color=colour, linewidth=1.6)
        if len(values) == 1:
            axes.plot(steps, values, "o", color=colour, markersize=4)
        key.append((colour, name, float(values[-1])))
    axes.set_yscale("log" if panel.log else "linear")
    axes.set_xlabel("step", color=_FAINT, fontsize=8)
    axes.tick_params(which="both", colors=_FAINT, labelsize=8, length=0)
    axes.grid(color=_FAINT, alpha=0.3, linewidth=0.6)
    axes.spines[:].set_visible(False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", transparent=True)
    return Curves(stream.getvalue(), key)
