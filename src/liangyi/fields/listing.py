"""Text as a picture: what has no better one."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

_MOST = 40  # lines
_LETTERS = 160  # of a line


def listing(lines: Sequence[str], captions: Sequence[str] = ()) -> Image.Image:
    """Draw lines of text, the first forty, each with its caption before it."""
    rows = [row[:_LETTERS] for row in lines[:_MOST]]
    if captions:
        width = max(len(caption) for caption in captions[:_MOST])
        pairs = zip(captions, rows, strict=False)
        rows = [f"{caption.ljust(width)}  {row}" for caption, row in pairs]
    font = _font()
    tall, edge = 24, 12
    wide = int(max((font.getlength(row) for row in rows), default=0))
    size = (2 * edge + max(wide, 1), 2 * edge + tall * max(1, len(rows)))
    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    for index, row in enumerate(rows):
        middle = edge + tall * index + tall // 2
        if index % 2:
            pen.rectangle((0, middle - tall // 2, size[0], middle + tall // 2 - 1), fill="#f3f4f6")
        pen.text((edge, middle), row, "#1f2937", font, anchor="lm")
    return picture


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return a font of equal widths: columns of numbers shall stand below each other."""
    try:
        import matplotlib

        path = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSansMono.ttf"
        return ImageFont.truetype(path, 14)
    except OSError:
        return ImageFont.load_default(size=15)
