"""Walks: pictures that change into each other, as GIF or MP4."""

from __future__ import annotations

import importlib
import itertools
import math
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from liangyi.core import capacity, files
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.verbs import demand
from liangyi.fields.pixels import enlarged, to_bytes, to_picture, visible

_FRAMES = 64  # that are drawn at once
SMALLEST = 256  # pixels of a film's shorter side
PALETTE_FROM = 64  # frames that the common palette is taken from


def frames(
    model: Model, count: int, stops: int, seed: int = 0, **conditions: Any
) -> Iterator[Tensor]:
    """Yield the pictures of a closed walk [N C H W], some dozens at a time.

    Raises:
        UserError: the model cannot be asked for them; told before any is drawn.
    """
    demand(model, "interpolate", seed, conditions)

    def part(begin: int) -> Tensor:
        share = {"begin": begin, "end": min(begin + _FRAMES, count)}
        drawn: Tensor = model.interpolate(count, stops, seed=seed, **share, **conditions)
        return drawn.cpu()

    return map(part, range(0, count, _FRAMES))


def walk(
    frames: Iterable[Tensor],
    count: int,
    image_range: tuple[float, float],
    path: Path,
    seconds_per_frame: float = 0.05,
) -> None:
    """Write a film that repeats for ever (GIF) or not (MP4), by the suffix of its path.

    The film appears whole or not at all. A GIF counts time in hundredths of a second; frames that
    equal the one before only prolong it. An MP4 is written as frames come, a GIF needs them all.

    Args:
        frames: parts [N C H W] in `image_range`; small ones are enlarged, channels shown as in
            `grid`.
        count: of all frames together.
        image_range: lowest and highest brightness.
        path: ends in .gif or .mp4.
        seconds_per_frame: at least 0.02.

    Raises:
        UserError: another suffix, no encoder for MP4, a folder that cannot be written to, or more
            frames than the memory holds.
        ValueError: the frames are not of that shape, or there are none.
    """
    write = {".gif": _gif, ".mp4": _mp4}.get(path.suffix.lower())
    if write is None:
        raise UserError(f"cannot write a film to {path.name!r}; its name must end in .gif or .mp4")
    # encoders want a file with the right suffix; it need not be where the film shall be
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"film{path.suffix.lower()}"
        write(_shown(frames, image_range), count, draft, max(0.02, seconds_per_frame))
        try:
            with files.stream(path) as film, draft.open("rb") as written:
                shutil.copyfileobj(written, film)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from None


def _shown(frames: Iterable[Tensor], image_range: tuple[float, float]) -> Iterator[Tensor]:
    for part in frames:
        if part.dim() != 4 or not part.numel():
            raise ValueError(f"a film needs frames [N C H W], got {list(part.shape)}")
        pixels = visible(to_bytes(part, image_range))
        yield enlarged(pixels, math.ceil(SMALLEST / min(pixels.shape[2:])))


def _gif(parts: Iterator[Tensor], count: int, path: Path, seconds: float) -> None:
    first_part = next(parts)
    # twice here, and a frame and what changes in it there, where the film is put together
    size = 4 * count * first_part[0].numel()
    capacity.demand_memory(size, f"a GIF of {count} frames, held whole until it is written,")
    pixels = torch.cat([first_part, *parts])
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


def _mp4(parts: Iterator[Tensor], count: int, path: Path, seconds: float) -> None:
    try:
        encoder = importlib.import_module("imageio_ffmpeg")
    except ImportError:
        raise UserError(
            "MP4 needs imageio-ffmpeg: pip install 'liangyi[video]'; or write a .gif"
        ) from None
    even = map(_even, parts)
    first = next(even)
    size = (first.shape[3], first.shape[2])
    writer = encoder.write_frames(
        str(path), size, fps=1 / seconds, codec="libx264", quality=8, macro_block_size=1
    )
    writer.send(None)
    for part in itertools.chain([first], even):
        for frame in part:
            writer.send(frame.permute(1, 2, 0).contiguous().numpy().tobytes())
    writer.close()


def _even(pixels: Tensor) -> Tensor:
    """Return colour pictures with even sides: players want colour at half the resolution."""
    pixels = pixels.expand(-1, 3, -1, -1)
    odd = (0, pixels.shape[3] % 2, 0, pixels.shape[2] % 2)
    return functional.pad(pixels.float(), odd, mode="replicate").to(torch.uint8)
