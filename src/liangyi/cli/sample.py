"""`liangyi sample RUN`: draw from a trained model, to a sheet, a folder, or an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from liangyi.cli.choose import Trained
from liangyi.cli.flags import parse
from liangyi.core.config import Natural, Positive


@dataclass(frozen=True, kw_only=True)
class Sample(Trained):
    """What to draw."""

    number: int = 64  # how many
    label: str | None = None  # of this class, by its name or number, for models that can be asked
    caption: str | None = None  # what they shall show, in words, for models that read
    seed: Natural = 0  # other seeds, other samples
    truncation: Positive | None = None  # deviations within which normal noise is drawn, such as 0.7
    standing: Natural = 0  # batches of samples from which batch statistics are taken anew; 0: none
    # FILE.png is one sheet, FILE.npy an array, FILE.txt text; else a folder of PNGs
    out: Path = Path("samples.png")


def main(words: Sequence[str]) -> None:
    """Draw and write."""
    from liangyi.cli.choose import named, run_of, weights_of
    from liangyi.cli.watch import say
    from liangyi.core.counts import many
    from liangyi.core.spec import UNKNOWN
    from liangyi.core.verbs import parts
    from liangyi.use.sample import write_samples
    from liangyi.use.standing import take_standing
    from liangyi.views.captions import asked, captions

    name, rest = named(words, "sample")
    args = parse(Sample, rest, "sample RUN", "Draw from a trained model.")
    run = run_of(name, args.model)
    model = run.model(say, weights_of(run, args.newest))
    wanted = {"label": args.label, "caption": args.caption}
    conditions = {name: value for name, value in wanted.items() if value is not None}
    if args.standing:
        take_standing(model, args.standing)
    found = parts(model, args.number, args.seed, args.truncation, **conditions)
    classes = captions(model, asked(model, args.number, **conditions))
    if UNKNOWN in " ".join(classes[:1] if args.caption else ()):
        say(f"not every word is known: {classes[0]}")
    write_samples(found, args.number, model, args.out, say, classes)
    print(f"{many(args.number, 'sample')}: {args.out}")
