"""`liangyi walk RUN`: a closed walk through what a trained model can draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from liangyi.cli.flags import parse

_MOST = 1_000_000  # frames
_STOPS = 10_000


@dataclass(frozen=True)
class Walk:
    """Where to walk."""

    frames: int = 120  # pictures of the film
    stops: int = 6  # random codes that the walk passes
    label: int | None = None  # stay in this class, for models that can be asked
    seed: int = 0  # other seeds, other walks
    out: Annotated[Path, tyro.conf.arg(aliases=("-o",))] = Path("walk.gif")  # .gif or .mp4


def main(words: Sequence[str]) -> None:
    """Walk and write the film."""
    from liangyi.cli.choose import named
    from liangyi.cli.watch import say
    from liangyi.core.errors import UserError
    from liangyi.core.run import Run
    from liangyi.sampling import frames
    from liangyi.views.walk import walk

    name, rest = named(words, "walk")
    args = parse(Walk, rest, "walk RUN", "A closed walk through what a trained model can draw.")
    if min(args.frames, args.stops) < 2:
        raise UserError("a walk needs --frames and --stops of 2 or more")
    if args.frames > _MOST:
        raise UserError(f"--frames {args.frames}: at most {_MOST:,}, which last half a day")
    if args.stops > _STOPS:
        raise UserError(f"--stops {args.stops}: at most {_STOPS:,}")
    model = Run(name).model(tell=say)
    if not hasattr(model, "interpolate") or len(model.spec.shape) != 3:
        raise UserError(
            f"the {model.name()} of {name} draws no pictures to walk through; "
            "a dcgan or a vae does, and others"
        )
    conditions = {} if args.label is None else {"label": args.label}
    found = frames(model, args.frames, args.stops, args.seed, **conditions)
    walk(found, args.frames, model.image_range, args.out)
    print(f"{args.frames} frames: {args.out}")
