"""Points, and other numbers in a row."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image
from torch import Tensor

from liangyi import fields
from liangyi.core.spec import Vector
from liangyi.fields import Range
from liangyi.fields.listing import listing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@fields.shown.register
def _(field: Vector) -> int:
    return 2500 if field.width == 2 else 40


@fields.overlaid.register
def _(field: Vector) -> bool:
    return field.width == 2


@fields.facts.register
def _(field: Vector, values: Tensor) -> dict[str, Any]:
    whole = values.isfinite().all(1)
    known = values[whole].double()
    found: dict[str, Any] = {"width": field.width, "not finite": int((~whole).sum())}
    if not len(known):
        return found
    spread = known.std(0, correction=0)
    each = zip(known.amin(0).tolist(), known.mean(0).tolist(), known.amax(0).tolist(),
               spread.tolist(), strict=True)  # fmt: skip
    names = ("least", "mean", "most", "deviation")
    found["columns"] = [dict(zip(names, column, strict=True)) for column in each]
    found["constant"] = int((spread == 0).sum())
    found["copies"] = len(known) - len(known.unique(dim=0))
    return found


@fields.lines.register
def _(field: Vector, items: Tensor) -> list[str]:
    cells = [[f"{value:.3f}" for value in row] for row in items.detach().cpu().tolist()]
    width = max((len(cell) for row in cells for cell in row), default=0)
    return [" ".join(cell.rjust(width) for cell in row) for row in cells]


@fields.sheet.register
def _(
    field: Vector,
    items: Tensor,
    value_range: Range,
    truth: Tensor | None = None,
    captions: Sequence[str] = (),
) -> Image.Image:
    """Draw points of the plane as a scatter picture, others as a listing."""
    if field.width != 2:
        return listing(fields.lines(field, items), captions)
    return scatter(items, truth)


def scatter(samples: Tensor, truth: Tensor | None = None) -> Image.Image:
    """Draw generated points over real ones, on equal axes.

    The window is that of the real points, so that pictures of one training can be compared;
    generated points that fall outside are counted in a corner.

    Args:
        samples: [N 2].
        truth: [M 2], or nothing to compare with.

    Returns:
        A picture in mode RGB, 560 x 560.
    """
    from matplotlib.figure import Figure

    samples = samples.detach().cpu().float()
    real = samples if truth is None else truth.detach().cpu().float()
    figure = Figure(figsize=(5.6, 5.6), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    if truth is not None:
        x, y = real.T.numpy()
        axes.scatter(x, y, s=14, c="#9aa4b2", alpha=0.5, linewidths=0, label="real")
    x, y = samples.T.numpy()
    axes.scatter(x, y, s=9, c="#d55e00", alpha=0.7, linewidths=0, label="generated")
    # generated points may run wild, real ones do not
    (left, right), (bottom, top) = _window(real, 0.01 if truth is None else 0.0)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    outside = int((~((x >= left) & (x <= right) & (y >= bottom) & (y <= top))).sum())
    if outside:
        note = f"{outside} of {len(samples)} outside"
        axes.text(0.02, 0.02, note, transform=axes.transAxes, fontsize=9, color="#4b5563")
    _plain(axes)
    if truth is not None:
        axes.legend(loc="upper right", fontsize=9, markerscale=1.8, edgecolor="#e5e7eb")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")


def _plain(axes: Axes) -> None:
    """Leave of the axes what helps to read a place: faint lines and numbers."""
    axes.grid(color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors="#4b5563", length=0, labelsize=9)
    axes.spines[:].set_visible(False)


def _window(points: Tensor, share: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return a square window around the points, a share of them left out at each side."""
    points = points[points.isfinite().all(1)]
    if not len(points):
        return (-1.0, 1.0), (-1.0, 1.0)
    edges = torch.stack([points.quantile(rank, dim=0) for rank in (share, 1 - share)])
    centre = edges.mean(0).tolist()
    half = max(float((edges[1] - edges[0]).max()) * 0.62, 1e-3)
    return (centre[0] - half, centre[0] + half), (centre[1] - half, centre[1] + half)
