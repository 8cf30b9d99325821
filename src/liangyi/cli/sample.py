"""`liangyi sample RUN`: draw from a trained model, to a sheet, a folder, an array or the screen."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from liangyi.cli.choose import Trained
from liangyi.cli.flags import parse_all
from liangyi.core.config import Config, Natural, Positive


@dataclass(frozen=True, kw_only=True)
class Sample(Trained):
    """What to draw."""

    number: int = 64  # how many
    label: str | None = None  # of this class, by its name or number, for models that can be asked
    seed: Natural = 0  # other seeds, other samples
    truncation: Positive | None = None  # deviations within which normal noise is drawn, such as 0.7
    standing: Natural = 0  # batches of samples from which batch statistics are taken anew; 0: none
    # FILE.png: a sheet, FILE.npy: an array, FILE.txt: text, a folder: PNGs; none: prints sentences
    out: Path | None = None


_ABOUT = "Draw from a trained model."
_SAID = ("count", *(field.name for field in dataclasses.fields(Sample)))


def main(words: Sequence[str]) -> None:
    """Draw, and write or print."""
    from liangyi import fields
    from liangyi.cli.choose import named, run_of, value_of, weights_of
    from liangyi.cli.watch import say, say_unknown
    from liangyi.core.binding import bound
    from liangyi.core.counts import many
    from liangyi.core.errors import UserError
    from liangyi.core.verbs import demand_verb, parts
    from liangyi.use.sample import write_samples
    from liangyi.use.standing import take_standing
    from liangyi.views.captions import asked, captions

    name, rest = named(words, "sample")
    groups: dict[str, Config] = {"options": Sample()}
    if rest is words:  # no run, so that nobody knows what else it can be asked
        parse_all(groups, rest, "sample RUN", _ABOUT)
    try:
        run = run_of(name, value_of(rest, "--model") or "")
    except UserError:
        parse_all(groups, rest, "sample RUN", _ABOUT)  # what was mistyped comes first
        raise
    demand_verb(run.kind, "sample")
    groups["of sample"] = bound(run.kind, "sample", run.spec, _SAID).settings()
    args, own = parse_all(groups, rest, "sample RUN", _ABOUT).values()
    model = run.model(say, weights_of(run, args.newest))
    conditions = {field.name: getattr(own, field.name) for field in dataclasses.fields(own)}
    conditions = {name: value for name, value in conditions.items() if value is not None}
    conditions |= {} if args.label is None else {"label": args.label}
    if args.standing:
        take_standing(model, args.standing, args.truncation)
    found = parts(model, args.number, args.seed, args.truncation, **conditions)
    if args.out is None and fields.read(model.spec.created):
        for part in found:
            print("\n".join(fields.lines(model.spec.created, part)))
        return
    out = args.out or Path("samples.png")
    classes = captions(model, asked(model, args.number, **conditions))
    say_unknown(model, conditions)
    write_samples(found, args.number, model, out, say, classes)
    print(f"{many(args.number, 'sample')}: {out}")
