"""Walks: pictures that change into each other, as GIF or MP4."""

from __future__ import annotations

import importlib
import math
import tempfile
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from liangyi.core import files
from liangyi.core.errors import UserError
from liangyi.views.grid import enlarged, to_bytes, to_picture, visible

SMALLEST = 256  # pixels of a film's shorter side
PALETTE_FROM = 64  # frames that the common palette is taken from


def walk(
    frames: Tensor,
    image_range: tuple[float, float],
    path: Path,
    seconds_per_frame: float = 0.05,
) -> None:
    """Write a film that repeats for ever (GIF) or not (MP4), by the suffix of its path.

    The film appears whole or not at all. A GIF counts time in hundredths of a second; frames that
    equal the one before only prolong it.

    Args:
        frames: [N C H W] in `image_range`; small ones are enlarged, channels shown as in `grid`.
        image_range: lowest and highest brightness.
        path: ends in .gif or .mp4.
        seconds_per_frame: at least 0.02.

    Raises:
        UserError: another suffix, no encoder for MP4, a folder that cannot be written to.
        ValueError: the frames are not of that shape, or there are none.
    """
    if frames.dim() != 4 or not frames.numel():
        raise ValueError(f"a film needs frames [N C H W], got {list(frames.shape)}")
    write = {".gif": _gif, ".mp4": _mp4}.get(path.suffix.lower())
    if write is None:
        raise UserError(f"cannot write a film to {path.name!r}; its name must end in .gif or .mp4")
    pixels = visible(to_bytes(frames, image_range))
    pixels = enlarged(pixels, math.ceil(SMALLEST / min(pixels.shape[2:])))
    # encoders want a file with the right suffix; it need not be where the film shall be
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"film{path.suffix.lower()}"
        write(pixels, draft, max(0.02, seconds_per_frame))
        try:
            files.write(path, draft.read_bytes())
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from None


def _gif(pixels: Tensor, path: Path, seconds: float) -> None:
    pictures = [to_picture(frame) for frame in pixels]
    if pictures[0].mode == "RGB":
        palette = _palette(pixels)
        # without dithering: its pattern would crawl from frame to frame
        pictures = [
            picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures
        ]
    first, *rest = pictures
    milliseconds = round(seconds * 100) * 10
    first.save(path, save_all=True, append_images=rest, duration=milliseconds, loop=0)


def _palette(pixels: Tensor) -> Image.Image:
    """Return the 256 colours that serve the whole film: one palette a frame would flicker."""
    chosen = pixels[:: math.ceil(len(pixels) / PALETTE_FROM)]
    strip = to_picture(chosen.permute(1, 0, 2, 3).flatten(1, 2))
    return strip.quantize(256, method=Image.Quantize.MEDIANCUT)


def _mp4(pixels: Tensor, path: Path, seconds: float) -> None:
    try:
        encoder = importlib.import_module("imageio_ffmpeg")
    except ImportError:
        raise UserError(
            "MP4 needs imageio-ffmpeg: pip install 'liangyi[video]'; or write a .gif"
        ) from None
    pixels = pixels.expand(-1, 3, -1, -1)
    # players want colour at half the resolution, so even sides
    odd = (0, pixels.shape[3] % 2, 0, pixels.shape[2] % 2)
    pixels = functional.pad(pixels.float(), odd, mode="replicate").to(torch.uint8)
    size = (pixels.shape[3], pixels.shape[2])
    writer = encoder.write_frames(
        str(path), size, fps=1 / seconds, codec="libx264", quality=8, macro_block_size=1
    )
    writer.send(None)
    for frame in pixels:
        writer.send(frame.permute(1, 2, 0).contiguous().numpy().tobytes())
    writer.close()
