"""`liangyi lab NAME`: many small trainings under equal terms, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Le

from liangyi.cli.flags import parse
from liangyi.core.config import Config, Count

EXPERIMENTS = {
    "curves": "how near the smallest GANs come to a curve, minimax beside non-saturating",
    "modes": "how many modes survive on ring, grid and stacked MNIST: the table of PacGAN",
    "quality": "how good the pictures of each GAN are after the same small budget",
    "rankings": "whether IRGAN ranks better than BPR and dynamic negative sampling do",
    "battle": "whose discriminator is fooled less by the other's samples: GRAN's own metric",
}
CLAIMS = {  # which need neither models nor data
    "critics": "what a critic's value is worth: clipped or penalised, beside the exact distance",
    "divergences": "which Gaussian each f-divergence chooses for two modes, and what f-GAN finds",
}
_ABOUT = (
    "Can be stopped and started again at any time; the same command in two terminals shares the "
    "work. The table is printed and written to OUT/table.md and OUT/table.json."
)


@dataclass(frozen=True, kw_only=True)
class Lab(Config):
    """Who takes part, and where it is kept."""

    models: tuple[str, ...] = ()  # others than its own: MODEL or MODEL:setting=value,...
    data: tuple[str, ...] = ()  # other data than its own
    seeds: Annotated[int, Ge(1), Le(1000)] = 3  # trainings of each
    steps: Count | None = None  # of each training, instead of as many as are usual
    out: Path | None = None  # instead of runs/lab/NAME
    json: bool = False  # print it for scripts


@dataclass(frozen=True, kw_only=True)
class Claim(Config):
    """How thoroughly, and where it is kept."""

    seeds: Annotated[int, Ge(1), Le(1000)] = 3  # trainings of each
    steps: Count | None = None  # of each training, instead of as many as are usual
    out: Path | None = None  # instead of runs/lab/NAME
    json: bool = False  # print it for scripts


def main(words: Sequence[str]) -> None:
    """Train what is not trained yet, then print the table."""
    from importlib import import_module

    from liangyi.cli.watch import say
    from liangyi.core.errors import UserError, unknown
    from liangyi.lab.entry import parse as entry_of
    from liangyi.lab.trial import work

    if not words or words[0] in ("-h", "--help"):
        every = {**EXPERIMENTS, **CLAIMS}.items()
        lines = "\n".join(f"  {name:12} {about}" for name, about in every)
        print(f"usage: liangyi lab NAME ...\n\n{lines}\n\n{_ABOUT}")
        return
    name, rest = words[0], words[1:]
    if name in CLAIMS:
        _claim(name, rest)
        return
    if name not in EXPERIMENTS:
        raise unknown("experiment", name, {**EXPERIMENTS, **CLAIMS})
    bench = import_module(f"liangyi.lab.{name}")
    about = (
        f"{EXPERIMENTS[name]}.\n\n{_ABOUT}\n\nIts models: {' '.join(bench.MODELS)}\n\n"
        f"Its data: {' '.join(bench.DATA)}"
    )
    args = parse(Lab, rest, f"lab {name}", about)
    data = tuple(dict.fromkeys(args.data)) or bench.DATA
    usual = bench.PICTURES if data == ("stacked-mnist",) else bench.MODELS
    # one that is named twice takes part once
    entries = list({one.folder: one for one in map(entry_of, args.models or usual)}.values())
    out = args.out or Path("runs/lab") / name
    done = []
    for trial in work(bench.trials(entries, data, args.seeds, out, args.steps), say):
        bench.finish(trial)
        done.append(trial)
    if not done:
        raise UserError("nothing is finished yet: all trials are being trained by others")
    text, plain = bench.table(done)
    _show(text, plain, out, args.json)


def _claim(name: str, words: Sequence[str]) -> None:
    """Measure one claim, and print its table."""
    from importlib import import_module

    from liangyi.cli.watch import say

    about = f"{CLAIMS[name]}.\n\nIts tables and figures are written to OUT."
    args = parse(Claim, words, f"lab {name}", about)
    out = args.out or Path("runs/lab") / name
    claim = import_module(f"liangyi.lab.{name}")
    text, plain = claim.measure(args.seeds, args.steps, out, say)
    _show(text, plain, out, args.json)


def _show(text: str, plain: Any, out: Path, as_json: bool) -> None:
    import json

    from liangyi.core import files

    files.write(out / "table.md", text)
    files.write(out / "table.json", json.dumps(plain, indent=2))
    print(json.dumps(plain, indent=2) if as_json else text)
