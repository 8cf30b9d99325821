"""One picture file: a look at its header, or its pixels in a wanted shape as well.

Knows files, Pillow and numpy only. What cannot be read is not an exception here but a reason, a
`str`: in a folder of ten thousand pictures some broken ones are the rule.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path, PurePath
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "PPM")  # Pillow's names; no other decoder ever runs
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".pgm", ".ppm", ".pbm", ".pnm"}
KNOWN = "JPEG, PNG, WebP, BMP, PGM and PPM"
_MOST = 2**30  # bytes a file; the largest picture that is decoded takes half of that, uncompressed
_NOTES = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif")
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class Look(NamedTuple):
    """What the header says."""

    width: int  # as shown, after the rotation that EXIF or XMP asks for
    height: int
    grey: bool  # one channel, transparent or not


class Picture(NamedTuple):
    """What the whole file says."""

    look: Look
    digest: str  # of the file's bytes
    pixels: NDArray[np.uint8]  # [C H W]


def named_so(name: str) -> bool:
    """Tell whether a file is a picture by its name."""
    return PurePath(name).suffix.lower() in ENDINGS


def look(path: Path) -> Look | str:
    """Read the header, or say why that cannot be done."""
    try:
        with _opened(path) as file:
            return looked(file)
    except Exception as error:  # broken bytes lead Pillow's decoders to any exception
        return _reason(path, error)


def decode(path: Path, shape: tuple[int, int, int]) -> Picture | str:
    """Read the pixels, cropped at the centre and resized to [C H W], or say why it cannot be done.

    One channel is ITU-R 601 luma. Transparent pixels are laid on white.
    """
    try:
        with _opened(path) as file:
            return decoded(file.read(), shape)
    except Exception as error:  # as above
        return _reason(path, error)


def looked(file: BinaryIO) -> Look:
    """Read the header of an open file; any exception says that it is broken."""
    with Image.open(file, formats=FORMATS) as image:
        return _look(image)


def decoded(data: bytes, shape: tuple[int, int, int]) -> Picture:
    """Read the pixels of a file's bytes, as `decode` does; any exception says that it is broken."""
    channels, height, width = shape
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        seen, turned = _look(image), _turned(image)
        # a large JPEG is decoded at a fraction of its size, never below three times ours:
        # several times faster, and the resize after it does not see the difference
        image.draft(None, (3 * max(width, height),) * 2)
        if turned:
            ImageOps.exif_transpose(image, in_place=True)
        flat = _flat(image, "L" if channels == 1 else "RGB")
        if flat.size != (width, height):
            flat = ImageOps.fit(flat, (width, height), Image.Resampling.BICUBIC)
        pixels = np.asarray(flat).reshape(height, width, channels).transpose(2, 0, 1)
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return Picture(seen, digest, np.ascontiguousarray(pixels))


def _opened(path: Path) -> BinaryIO:
    """Open a picture's file, unless it is larger than any picture."""
    if path.stat().st_size > _MOST:
        raise ValueError(f"more than {_MOST:,} bytes")
    return path.open("rb")


def _look(image: Image.Image) -> Look:
    width, height = image.size
    if _turned(image) and image.getexif().get(ExifTags.Base.Orientation, 1) >= 5:
        width, height = height, width
    return Look(width, height, Image.getmodebase(image.mode) == "L")


def _turned(image: Image.Image) -> bool:
    """Whether notes before the pixels may ask for a rotation; those behind them are not read."""
    return any(note in image.info for note in _NOTES)


def _flat(image: Image.Image, mode: str) -> Image.Image:
    """Return the picture with 8 bits a channel and nothing transparent."""
    if image.mode.startswith("I"):  # 16 bits of grey, which convert("L") would clip, not scale
        grey = np.asarray(image).astype(np.int64).clip(0, 65535)
        image = Image.fromarray(((grey + 128) // 257).astype(np.uint8))
    elif image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert(mode)


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        if not path.stat().st_size:
            return "empty file"
        if named_so(path.name):
            return "not a picture, whatever its name says"
    return reason(error)


def reason(error: Exception) -> str:
    """Say in a few words why a picture cannot be read."""
    if isinstance(error, _BOMBS):
        return f"more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels"
    if isinstance(error, UnidentifiedImageError):
        return "not a picture"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__
