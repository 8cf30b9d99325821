"""`liangyi walk RUN`: a closed walk through what a trained model can draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt, Le

from liangyi.cli.choose import Trained
from liangyi.cli.flags import parse
from liangyi.core.config import Natural


@dataclass(frozen=True, kw_only=True)
class Walk(Trained):
    """Where to walk."""

    frames: Annotated[int, Ge(2), Le(1_000_000)] = 120  # pictures of the film
    stops: Annotated[int, Ge(2), Le(10_000)] = 6  # random codes that the walk passes
    label: str | None = None  # stay in this class, by its name or number
    caption: str | None = None  # stay with these words, where the model reads
    seed: Natural = 0  # other seeds, other walks
    # pixels of the shorter side, smoothly resized; else 256, or the picture's own where larger
    size: Annotated[int, Ge(16), Le(4096)] | None = None
    fps: Annotated[float, Gt(0), Le(240)] = 25.0  # frames a second; of a .gif at most 50
    out: Path = Path("walk.gif")  # .gif or .mp4


def main(words: Sequence[str]) -> None:
    """Walk and write the film."""
    from liangyi.cli.choose import named, run_of, weights_of
    from liangyi.cli.watch import say, say_unknown
    from liangyi.core.counts import many
    from liangyi.core.errors import UserError
    from liangyi.core.spec import Pixels
    from liangyi.use.walk import frames, walk

    name, rest = named(words, "walk")
    args = parse(Walk, rest, "walk RUN", "A closed walk through what a trained model can draw.")
    run = run_of(name, args.model)
    model = run.model(say, weights_of(run, args.newest))
    if "interpolate" not in model.verbs() or not isinstance(model.spec.created, Pixels):
        raise UserError(
            f"the {model.name()} of {name} draws no pictures to walk through; "
            "a dcgan or a vae does, and others"
        )
    wanted = {"label": args.label, "caption": args.caption}
    conditions = {name: value for name, value in wanted.items() if value is not None}
    found = frames(model, args.frames, args.stops, args.seed, **conditions)
    say_unknown(model, conditions)
    walk(found, args.frames, model.image_range, args.out, args.fps, args.size)
    print(f"{many(args.frames, 'frame')}: {args.out}")
