"""Samples as pictures: contact sheets of images, scatter plots of points, listings of tokens."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.core.batch import Spec

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 2  # pixels between the pictures of a sheet
PAPER = 232  # grey level of the gaps: apart from black and from white backgrounds
SMOOTH_BELOW = 16  # pixels of a side, from which on enlarged pixels are shown as squares
WIDTH = 600  # pixels that small pictures are enlarged to fill


def to_bytes(images: Tensor, image_range: tuple[float, float]) -> Tensor:
    """Return images as bytes: the range's ends become 0 and 255, what lies outside is clamped.

    Args:
        images: any shape, nominally in `image_range`.
        image_range: lowest and highest brightness.

    Returns:
        uint8 of the same shape, on the CPU; not-a-number becomes 0.

    Raises:
        ValueError: the range is empty.
    """
    low, high = image_range
    if not low < high:
        raise ValueError(f"image_range {image_range} is empty")
    unit = (images.detach().cpu().float() - low) / (high - low)
    return (unit * 255).nan_to_num(0.0).round().clamp(0, 255).to(torch.uint8)


def grid(
    images: Tensor,
    image_range: tuple[float, float],
    columns: int | None = None,
    scale: int | None = None,
) -> Image.Image:
    """Lay images out on a near-square contact sheet with thin gaps.

    Args:
        images: [N C H W] in `image_range`, N >= 1. Two channels are shown side by side, of more
            than three the first three.
        image_range: lowest and highest brightness.
        columns: pictures in a row; by default about as many as make the sheet square.
        scale: whole factor of enlargement; by default one that makes the sheet 400 to 800 wide,
            or 1 for pictures that are large already.

    Returns:
        A picture in mode L or RGB whose pixels are the images' own, enlarged.

    Raises:
        ValueError: the images are not of that shape, or there are none.
    """
    if images.dim() != 4 or not images.numel():
        raise ValueError(f"a grid needs images [N C H W], got {list(images.shape)}")
    pixels = visible(to_bytes(images, image_range))
    count, channels, height, width = pixels.shape
    columns = min(columns or _columns(count, height, width), count)
    scale = scale or max(1, round(WIDTH / (columns * width)))
    pixels = enlarged(pixels, scale)
    rows = math.ceil(count / columns)
    tall, wide = height * scale + GAP, width * scale + GAP
    size = (channels, rows * tall + GAP, columns * wide + GAP)
    sheet = torch.full(size, PAPER, dtype=torch.uint8, device="cpu")
    for index, picture in enumerate(pixels):
        top, left = GAP + index // columns * tall, GAP + index % columns * wide
        sheet[:, top : top + height * scale, left : left + width * scale] = picture
    return to_picture(sheet)


def enlarged(pixels: Tensor, scale: int) -> Tensor:
    """Return images [N C H W] of bytes, larger by a whole factor.

    Pixels are repeated; but those of very small images are joined smoothly, since people recognise
    an 8 x 8 digit by its lines, which the edges of large squares hide.
    """
    if scale == 1:
        return pixels
    if min(pixels.shape[2:]) >= SMOOTH_BELOW:
        return pixels.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    smooth = interpolate(pixels.float(), scale_factor=scale, mode="bicubic")
    return smooth.round().clamp(0, 255).to(torch.uint8)


def to_picture(pixels: Tensor) -> Image.Image:
    """Wrap bytes [1 H W] or [3 H W] as a picture in mode L or RGB."""
    array = pixels.permute(1, 2, 0).contiguous().numpy()
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)


def visible(pixels: Tensor) -> Tensor:
    """Turn images [N C H W] of any number of channels into such of one or three.

    Two channels are put side by side, of more than three the first three are kept.
    """
    if pixels.shape[1] == 2:
        return torch.cat([pixels[:, :1], pixels[:, 1:]], dim=3)
    return pixels[:, :3]


def _columns(count: int, height: int, width: int) -> int:
    """Return about the square layout, or one a little wider if that leaves no hole."""
    square = max(1, math.ceil(math.sqrt(count * height / width) - 1e-9))
    whole = [wide for wide in range(square, square * 3 // 2 + 1) if count % wide == 0]
    return whole[0] if whole else square


def points(samples: Tensor, truth: Tensor | None = None) -> Image.Image:
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


def text(samples: Tensor, width: int = 0) -> str:
    """List samples one a line, their numbers in aligned columns.

    Args:
        samples: [N L]; integers are written out, floats with three decimals.
        width: of a column, at least; so that parts of a list agree.
    """
    rows = _cells(samples)
    width = max([width, *(len(cell) for row in rows for cell in row)])
    return "\n".join(" ".join(cell.rjust(width) for cell in row) for row in rows)


def _cells(samples: Tensor) -> list[list[str]]:
    rows = samples.detach().cpu().flatten(1).tolist()
    form = "{:.3f}" if samples.is_floating_point() else "{}"
    return [[form.format(value) for value in row] for row in rows]


def _drawn(samples: Tensor, most: int = 40) -> Image.Image:
    """Draw the listing, its first `most` rows and columns."""
    rows = [row[:most] for row in _cells(samples)[:most]]
    font = ImageFont.load_default(size=15)
    wide = 14 + int(max((font.getlength(cell) for row in rows for cell in row), default=0))
    tall, edge = 24, 12
    columns = max((len(row) for row in rows), default=1)
    size = (2 * edge + wide * columns, 2 * edge + tall * len(rows))
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    for index, row in enumerate(rows):
        middle = edge + tall * index + tall // 2
        if index % 2:
            pen.rectangle((0, middle - tall // 2, size[0], middle + tall // 2 - 1), fill="#f3f4f6")
        # a column at a time: the default font is proportional
        for place, cell in enumerate(row):
            pen.text((edge + wide * (place + 1) - 7, middle), cell, "#1f2937", font, anchor="rm")
    return sheet


def picture_of(
    samples: Tensor,
    spec: Spec,
    image_range: tuple[float, float],
    truth: Tensor | None = None,
) -> Image.Image:
    """Draw samples in the way that suits the data.

    Args:
        samples: [N ...] with items in the shape of `spec`.
        spec: what the data looks like: images become a grid, points of the plane a scatter
            picture, everything else a listing.
        image_range: of images: lowest and highest brightness.
        truth: of points: real ones [M 2] to draw below.
    """
    if len(spec.shape) == 3:
        return grid(samples, image_range)
    if spec.shape == (2,) and not spec.vocabulary:
        return points(samples, truth)
    return _drawn(samples)
