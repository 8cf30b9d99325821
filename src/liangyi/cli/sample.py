"""`liangyi sample RUN`: draw from a trained model, to a sheet, a folder, or an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from liangyi.cli.flags import parse


@dataclass(frozen=True)
class Sample:
    """What to draw."""

    number: Annotated[int, tyro.conf.arg(aliases=("-n",))] = 64  # how many
    label: int | None = None  # of this class, for models that can be asked
    seed: int = 0  # other seeds, other samples
    out: Annotated[
        Path,
        tyro.conf.arg(
            aliases=("-o",),
            help="FILE.png is one sheet, FILE.npy an array, FILE.txt text; else a folder of PNGs",
        ),
    ] = Path("samples.png")


def main(words: Sequence[str]) -> None:
    """Draw and write."""
    from liangyi.cli.choose import named
    from liangyi.cli.watch import say
    from liangyi.core.run import Run
    from liangyi.sampling import parts, write_samples

    name, rest = named(words, "sample")
    args = parse(Sample, rest, "sample RUN", "Draw from a trained model.")
    model = Run(name).model(tell=say)
    conditions = {} if args.label is None else {"label": args.label}
    found = parts(model, args.number, args.seed, **conditions)
    write_samples(found, args.number, model, args.out, tell=say)
    print(f"{args.number} samples: {args.out}")
