"""A verb asked about pictures of any size: one after the other, each at its own size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core import capacity
from liangyi.core.binding import Binding
from liangyi.core.counts import many
from liangyi.core.errors import UserError, shown
from liangyi.core.model import Model
from liangyi.core.spec import Pixels
from liangyi.data.pictures import files
from liangyi.use.given import pictures_at
from liangyi.use.sample import write_items

Tell = Callable[[str], None]


def written(
    model: Model,
    asked: Binding,
    words: Sequence[str],
    settings: Mapping[str, Any],
    seed: int,
    out: Path | None,
    tell: Tell,
) -> str:
    """Ask about the pictures that a user names, write what comes of each, and say where.

    Args:
        model: that is asked.
        asked: how.
        words: pictures, or folders of them.
        settings: of the verb.
        seed: decides its random numbers; each picture has others.
        out: of one picture FILE.png or FILE.npy, of several a folder; None: named by the verb.
        tell: is given lines for people.

    Raises:
        UserError: a picture cannot be read, or its answer cannot be written.
    """
    named = [path for word in words for path, _ in pictures_at(Path(word).expanduser())]
    several = len(named) > 1 or any(Path(word).expanduser().is_dir() for word in words)
    typed = asked.name.replace("_", "-")
    place = out or Path(typed if several else f"{typed}.png")
    if several and (place.suffix or place.exists()):
        raise UserError(f"is for {many(len(named), 'picture')}; name a new folder", setting="out")
    stems = [path.stem for path in named]
    if several and len(set(stems)) < len(stems):
        double = next(stem for stem in stems if stems.count(stem) > 1)
        raise UserError(f"two of the pictures are called {shown(double)}; ask about one at a time")
    count = 0
    for number, (path, picture) in enumerate(_read(model, asked, named, several, tell)):
        answer = getattr(model, asked.name)(
            picture.to(model.device), **settings, seed=seed, first=number
        ).cpu()
        target = place / f"{path.stem}.png" if several else place
        if several:
            place.mkdir(parents=True, exist_ok=True)
        field = Pixels(*answer.shape[1:])
        write_items([answer], 1, field, model.image_range, target)
        count += 1
    return f"{many(count, 'picture')}: {place}"


def _read(
    model: Model, asked: Binding, paths: Sequence[Path], several: bool, tell: Tell
) -> Iterator[tuple[Path, Tensor]]:
    """Yield pictures [1 C H W] as the model sees them, one at a time."""
    field = asked.items[asked.item]
    assert isinstance(field, Pixels)
    for path in paths:
        seen = files.look(path)
        if not isinstance(seen, str):
            shape = (field.channels, seen.height, seen.width)
            capacity.demand_memory(16 * field.channels * seen.height * seen.width, str(path))
            found = files.decode(path, shape)
        if isinstance(seen, str) or isinstance(found, str):
            reason = seen if isinstance(seen, str) else found
            if not several:
                raise UserError(f"{shown(path)} cannot be read ({reason})")
            tell(f"{path} is left out ({reason})")
            continue
        if seen.grey != (field.channels == 1):
            is_, wanted = ("grey", "colour") if seen.grey else ("in colour", "grey")
            tell(f"{path} is {is_} and was turned to {wanted}, which this model learned")
        stored = torch.from_numpy(found.pixels.copy())[None]
        yield path, fields.scaled(field, stored, model.image_range)
