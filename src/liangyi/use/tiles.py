"""Pictures of any size through a trained model, in tiles that join without seams.

What a verb makes of a pixel depends on others up to `Model.reach` away (`AnySize`). A tile is asked
for with so many more pixels on each side, of which what they became is cut off again; at the
picture's own edges there are none, in a tile as in the whole. So the tiles are the whole, to
rounding, and memory is that of one tile and of the bytes that come out. A verb whose model states
no reach, as one that draws random numbers for each pixel, is given the whole picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core import capacity, files
from liangyi.core.binding import Binding
from liangyi.core.counts import many
from liangyi.core.errors import UserError, shown
from liangyi.core.model import Model
from liangyi.core.spec import Pixels
from liangyi.data.pictures.files import decode, look
from liangyi.fields.pixels import to_bytes, to_picture
from liangyi.use.given import Tell, pictures_at
from liangyi.use.sample import demand_empty, png

TILE = 256  # pixels of a side: large beside a usual reach, small beside memory


def assembled(
    make: Callable[[Tensor], Tensor], picture: Tensor, reach: int, tile: int = TILE
) -> Tensor:
    """Return what is made of a picture, tile by tile.

    Args:
        make: local; gives pictures [1 C' fH fW] of pictures [1 C H W], f a whole number.
        picture: [1 C H W].
        reach: how far away a pixel can matter.
        tile: pixels of a tile's side.

    Raises:
        UserError: there is no memory for it.
    """
    found = None
    for rows, outer_rows in _cuts(picture.shape[2], reach, tile):
        for columns, outer_columns in _cuts(picture.shape[3], reach, tile):
            part = picture[:, :, outer_rows, outer_columns]
            result = make(part)
            f = result.shape[2] // part.shape[2]
            if found is None:
                shape = (1, result.shape[1], f * picture.shape[2], f * picture.shape[3])
                count = 3 * result.element_size() * shape[1] * shape[2] * shape[3]
                what = f"a picture of {shape[3]:,} x {shape[2]:,}"
                capacity.demand_memory(count, what, "give a part of it")
                found = torch.empty(shape, dtype=result.dtype, device=result.device)
            found[:, :, _scaled(rows, f), _scaled(columns, f)] = result[
                :, :, _inside(rows, outer_rows, f), _inside(columns, outer_columns, f)
            ]
    assert found is not None
    return found


def _cuts(side: int, reach: int, tile: int) -> Iterator[tuple[slice, slice]]:
    """Yield parts of a side, and the same with what matters to them."""
    for start in range(0, side, tile):
        stop = min(side, start + tile)
        yield slice(start, stop), slice(max(0, start - reach), min(side, stop + reach))


def _scaled(part: slice, f: int) -> slice:
    return slice(f * part.start, f * part.stop)


def _inside(part: slice, outer: slice, f: int) -> slice:
    return _scaled(slice(part.start - outer.start, part.stop - outer.start), f)


def changed(
    model: Model,
    asked: Binding,
    words: Sequence[str],
    settings: Mapping[str, Any],
    seed: int,
    out: Path | None,
    tell: Tell,
) -> Iterator[str]:
    """Ask a verb about pictures as large as they are; write each, yield a line about it.

    Args:
        model: that is asked.
        asked: how.
        words: pictures and folders of them.
        settings: of the verb.
        seed: decides its random numbers; each picture has others.
        out: FILE.png for one picture, a new folder for several; None: the verb's name.
        tell: is given a line about what is left out, and what is taken for another colour.

    Raises:
        UserError: nothing can be read, or not written there, or the model refuses it.
    """
    paths = [path for word in words for path, _ in pictures_at(Path(word).expanduser())]
    typed = asked.name.replace("_", "-")
    places = _places(paths, out or Path(typed if len(paths) > 1 else f"{typed}.png"))
    written = 0
    for number, (path, place) in enumerate(zip(paths, places, strict=True)):
        stored = _read(path, model, asked, tell)
        if isinstance(stored, str):
            if len(paths) == 1:
                raise UserError(f"{shown(path)} cannot be read ({stored})")
            tell(f"{path} is left out ({stored})")
            continue
        make = partial(made, model, asked, {**settings, "seed": seed, "first": number})
        if not model.reach:
            capacity.demand_memory(16 * stored.numel(), str(path), "give a smaller picture")
        found = (assembled(make, stored, model.reach) if model.reach else make(stored))[0]
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, png(to_picture(found)))
        written += 1
        sizes = (f"{one.shape[-1]} x {one.shape[-2]}" for one in (stored, found))
        yield f"{place}: {' -> '.join(sizes)}"
    if not written:
        raise UserError(f"no picture of {shown(' '.join(words))} can be read")


def made(model: Model, asked: Binding, settings: Mapping[str, Any], part: Tensor) -> Tensor:
    """Return bytes of what a verb makes of bytes."""
    field = asked.items[asked.item]
    assert field is not None
    values = fields.scaled(field, part, model.image_range).to(model.device)
    return to_bytes(getattr(model, asked.name)(values, **settings), model.image_range)


def _read(path: Path, model: Model, asked: Binding, tell: Tell) -> Tensor | str:
    """Return a picture's bytes [1 C H W] in the model's colours, or why it cannot be read."""
    field, seen = asked.items[asked.item], look(path)
    assert isinstance(field, Pixels)
    if isinstance(seen, str):
        return seen
    found = decode(path, (field.channels, seen.height, seen.width))
    if isinstance(found, str):
        return found
    if seen.grey != (field.channels == 1):
        own, taken = ("grey", "three equal colours") if seen.grey else ("coloured", "grey")
        tell(f"{path} is {own}; {model.name()} takes it as {taken}")
    return torch.from_numpy(found.pixels.copy())[None]


def _places(paths: Sequence[Path], out: Path) -> list[Path]:
    """Return where each picture goes.

    Raises:
        UserError: they cannot go there.
    """
    if out.suffix.lower() == ".png":
        if len(paths) > 1:
            raise UserError(f"{many(len(paths), 'picture')} do not go into one file; name a folder",
                            setting="out")  # fmt: skip
        return [out]
    if out.suffix:
        wanted = "its name may end in .png, or be a folder's"
        raise UserError(f"cannot write pictures to {out}; {wanted}", setting="out")
    demand_empty(out)
    stems = [path.stem for path in paths]
    alike = {stem for stem in stems if stems.count(stem) > 1}
    names = [f"{n}-{s}" if s in alike else s for n, s in enumerate(stems)]
    return [out / f"{name}.png" for name in names]
