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

from liangyi.core import capacity, files
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.verbs import demand
from liangyi.fields.pixels import to_bytes, to_picture, visible

_FRAMES = 64  # that are drawn at once
SMALLEST = 256  # pixels of a film's shorter side, where nobody asks for others
FASTEST = 50  # frames a second of a GIF: browsers slow faster ones down
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
    fps: float = 25.0,
    size: int | None = None,
) -> None:
    """Write a film that repeats for ever (GIF) or not (MP4), by the suffix of its path.

    The film appears whole or not at all. A GIF counts time in hundredths of a second, so its frames
    may differ by one; frames that equal the one before only prolong it. An MP4 is written as frames
    come, a GIF needs them all.

    Args:
        frames: parts [N C H W] in `image_range`, channels shown as in `grid`.
        count: of all frames together.
        image_range: lowest and highest brightness.
        path: ends in .gif or .mp4.
        fps: frames a second; of a GIF at most 50.
        size: pixels of the shorter side, resized by Lanczos' filter; None: 256, or the frames' own
            where they are larger.

    Raises:
        UserError: another suffix, no encoder for MP4, a folder that cannot be written to, frames
            too fast for a GIF, or more than the memory holds.
        ValueError: the frames are not of that shape, or there are none.
    """
    write = {".gif": _gif, ".mp4": _mp4}.get(path.suffix.lower())
    if write is None:
        raise UserError(f"cannot write a film to {path.name!r}; its name must end in .gif or .mp4")
    if write is _gif and fps > FASTEST:
        raise UserError(
            f"a GIF shows at most {FASTEST} frames a second; write a .mp4", setting="fps"
        )
    # encoders want a file with the right suffix; it need not be where the film shall be
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"film{path.suffix.lower()}"
        write(_bytes(frames, image_range), count, draft, fps, size)
        try:
            with files.stream(path) as film, draft.open("rb") as written:
                shutil.copyfileobj(written, film)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from None


def _bytes(frames: Iterable[Tensor], image_range: tuple[float, float]) -> Iterator[Tensor]:
    """Yield the frames one by one, as bytes [C H W] of one or three channels."""
    for part in frames:
        if part.dim() != 4 or not part.numel():
            raise ValueError(f"a film needs frames [N C H W], got {list(part.shape)}")
        yield from visible(to_bytes(part, image_range))


def _resized(frame: Tensor, size: int | None, even: bool = False) -> Image.Image:
    """Return a frame as a picture whose shorter side has so many pixels."""
    picture, shorter = to_picture(frame), min(frame.shape[1:])
    factor = (size or max(SMALLEST, shorter)) / shorter
    sides = [max(1, round(side * factor)) for side in picture.size]
    if even:
        sides = [side + side % 2 for side in sides]
    return picture.resize((sides[0], sides[1]), Image.Resampling.LANCZOS)


def _gif(frames: Iterator[Tensor], count: int, path: Path, fps: float, size: int | None) -> None:
    every = list(frames)  # small ones: only what is written is large
    wide, tall = _resized(every[0], size).size
    # the encoder holds all frames, and what changes in each
    film = f"a GIF of {count} frames, held whole until it is written,"
    capacity.demand_memory(4 * count * wide * tall, film, "or a .mp4, or smaller ones")
    palette = _palette(every) if every[0].shape[0] == 3 else None

    def shown(frame: Tensor) -> Image.Image:
        picture = _resized(frame, size)
        # without dithering: its pattern would crawl from frame to frame
        return picture.quantize(palette=palette, dither=Image.Dither.NONE) if palette else picture

    turns = [round(100 * number / fps) for number in range(len(every) + 1)]
    lengths = [10 * (after - before) for before, after in itertools.pairwise(turns)]
    first, *rest = map(shown, every)
    first.save(path, save_all=True, append_images=rest, duration=lengths, loop=0)


def _palette(frames: list[Tensor]) -> Image.Image:
    """Return the 256 colours that serve the whole film: one palette a frame would flicker."""
    chosen = torch.stack(frames[:: math.ceil(len(frames) / PALETTE_FROM)])
    strip = to_picture(chosen.permute(1, 0, 2, 3).flatten(1, 2))
    return strip.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=1)


def _mp4(frames: Iterator[Tensor], count: int, path: Path, fps: float, size: int | None) -> None:
    try:
        encoder = importlib.import_module("imageio_ffmpeg")
    except ImportError:
        raise UserError(
            "MP4 needs imageio-ffmpeg: pip install 'liangyi[video]'; or write a .gif"
        ) from None
    writer = None
    for frame in frames:
        # players want colour at half the resolution
        picture = _resized(frame, size, even=True).convert("RGB")
        if writer is None:
            writer = encoder.write_frames(
                str(path), picture.size, fps=fps, codec="libx264", quality=8, macro_block_size=1
            )
            writer.send(None)
        writer.send(picture.tobytes())
    if writer is not None:
        writer.close()
