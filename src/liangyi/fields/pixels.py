"""Pictures: bytes on the disk, floats in a model's range, contact sheets for people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi import fields
from liangyi.core.spec import Pixels
from liangyi.fields import Range

GAP = 2  # pixels between the pictures of a sheet
PAPER = 232  # grey level of the gaps: apart from black and from white backgrounds
SMOOTH_BELOW = 16  # pixels of a side, from which on enlarged pixels are shown as squares
WIDTH = 600  # pixels that small pictures are enlarged to fill
CAPTION = 14  # pixels of a line below each picture
HEADED = 3  # pictures that share a caption, on average, from which on it heads their rows
_HEADING = 120  # pixels of a heading at most


@fields.scaled.register
def _(field: Pixels, stored: Tensor, value_range: Range) -> Tensor:
    low, high = value_range
    return stored.to(torch.float32).mul_((high - low) / 255).add_(low)


@fields.stored.register
def _(field: Pixels, values: Tensor, value_range: Range) -> Tensor:
    return to_bytes(values, value_range)


@fields.inside.register
def _(field: Pixels, items: Tensor, value_range: Range) -> bool:
    low, high = value_range
    return items.shape[1:] == field.shape and bool(((items >= low) & (items <= high)).all())


@fields.facts.register
def _(field: Pixels, values: Tensor) -> dict[str, Any]:
    return {
        "shape": list(field.shape),
        "darkest": int(values.min()),
        "mean": float(values.float().mean()),
        "brightest": int(values.max()),
    }


@fields.sheet.register
def _(
    field: Pixels,
    items: Tensor,
    value_range: Range,
    truth: Tensor | None = None,
    captions: Sequence[str] = (),
) -> Image.Image:
    return grid(items, value_range, captions=captions)


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
    captions: Sequence[str] = (),
) -> Image.Image:
    """Lay images out on a near-square contact sheet with thin gaps.

    Args:
        images: [N C H W] in `image_range`, N >= 1. Two channels are shown side by side, of more
            than three the first three.
        image_range: lowest and highest brightness.
        columns: pictures in a row; by default about as many as make the sheet square.
        scale: whole factor of enlargement; by default one that makes the sheet 400 to 800 wide,
            or 1 for pictures that are large already.
        captions: a word or two for each image, or nothing. Where images share them, those of one
            caption come together in rows that it heads; else it stands below its image.

    Returns:
        A picture in mode L or RGB whose pixels are the images' own, enlarged.

    Raises:
        ValueError: the images are not of that shape, or there are none.
    """
    if images.dim() != 4 or not images.numel():
        raise ValueError(f"a grid needs images [N C H W], got {list(images.shape)}")
    pixels = visible(to_bytes(images, image_range))
    count, channels, height, width = pixels.shape
    captions = captions[:count]
    headed = 0 < HEADED * len(set(captions)) <= count
    groups = _groups(captions) if headed else [list(range(count))]
    columns = min(columns or _columns(groups, height, width), max(map(len, groups)))
    scale = scale or max(1, round(WIDTH / (columns * width)))
    pixels = enlarged(pixels, scale)
    places = _places(groups, columns)
    font = ImageFont.load_default(size=14 if headed else 11)
    captions = [_folded(words, font) for words in captions] if headed else captions
    aside = _aside(captions, font) if headed else 0
    below = CAPTION if captions and not headed else 0
    tall, wide = height * scale + GAP + below, width * scale + GAP
    size = (channels, _rows(groups, columns) * tall + GAP, aside + columns * wide + GAP)
    sheet = torch.full(size, PAPER, dtype=torch.uint8, device="cpu")
    lines: list[tuple[float, float, float, str]] = []  # middle, room and words of each caption
    for index, (row, column) in places.items():
        top, left = GAP + row * tall, GAP + aside + column * wide
        sheet[:, top : top + height * scale, left : left + width * scale] = pixels[index]
        if below:
            middle = (left + (wide - GAP) / 2, top + tall - GAP - below / 2)
            lines.append((*middle, wide, captions[index]))
    for first, *_ in groups if headed else ():
        middle = (GAP + aside / 2, GAP + places[first][0] * tall + height * scale / 2)
        lines.append((*middle, aside, captions[first]))
    return _lettered(to_picture(sheet), lines, font)


_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def _places(groups: Sequence[Sequence[int]], columns: int) -> dict[int, tuple[int, int]]:
    """Return row and column of each image; every group begins a row."""
    places, row = {}, 0
    for group in groups:
        for place, index in enumerate(group):
            places[index] = (row + place // columns, place % columns)
        row += math.ceil(len(group) / columns)
    return places


def _lettered(
    sheet: Image.Image, lines: Sequence[tuple[float, float, float, str]], font: _Font
) -> Image.Image:
    """Write captions on a sheet, each around its middle and cut to its room."""
    pen, ink = ImageDraw.Draw(sheet), 40 if sheet.mode == "L" else (40, 40, 40)
    for x, y, room, words in lines:
        pen.text((x, y), _cut(words, room, font), ink, font, anchor="mm")
    return sheet


def _groups(captions: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the images that share each caption, in order of the first of each."""
    groups: dict[str, list[int]] = {}
    for index, words in enumerate(captions):
        groups.setdefault(words, []).append(index)
    return list(groups.values())


def _aside(captions: Sequence[str], font: _Font) -> int:
    """Return how wide the column of headings is."""
    lines = [line for words in captions for line in words.split("\n")]
    return min(_HEADING, math.ceil(max(map(font.getlength, lines)))) + 8


def _folded(words: str, font: _Font) -> str:
    """Return words in lines that fit beside a row, as far as single words do."""
    lines: list[str] = []
    for word in words.split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(joined) <= _HEADING:
            lines[-1] = joined
        else:
            lines.append(word)
    return "\n".join(lines)


def _cut(words: str, room: float, font: _Font) -> str:
    """Return words that fit, each line cut to the room."""
    if "\n" in words:
        return "\n".join(_cut(line, room, font) for line in words.split("\n"))
    if font.getlength(words) <= room:
        return words
    while words and font.getlength(words + "…") > room:
        words = words[:-1]
    return words + "…"


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


def _columns(groups: Sequence[Sequence[int]], height: int, width: int) -> int:
    """Return about the square layout, or one a little wider if that leaves fewer holes."""
    square = 1
    while square * width < _rows(groups, square) * height and square < max(map(len, groups)):
        square += 1
    count = sum(map(len, groups))
    if len(groups) == 1:  # a hole in the last row is no reason for another shape
        whole = [wide for wide in range(square, square * 3 // 2 + 1) if count % wide == 0]
        return whole[0] if whole else square
    wider = range(square, square * 3 // 2 + 1)
    return min(wider, key=lambda wide: _rows(groups, wide) * wide - count)


def _rows(groups: Sequence[Sequence[int]], columns: int) -> int:
    return sum(math.ceil(len(group) / columns) for group in groups)
