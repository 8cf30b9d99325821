"""`liangyi compare RUN...`: several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from liangyi.cli.flags import demand_suffix, parse
from liangyi.core.config import Config

_ABOUT = (
    "Several runs side by side: samples, curves, verdicts, the settings that differ, and the cards "
    "of those that were scored. Cards that were not measured alike are shown, but not ranked, and "
    "the reason is given."
)


@dataclass(frozen=True, kw_only=True)
class Compare(Config):
    """Where the page goes."""

    model: tuple[str, ...] = ()  # files of models from outside, for runs of such
    out: Path = Path("compare.html")  # FILE.html, the page
    json: bool = False  # print for scripts


def main(words: Sequence[str]) -> None:
    """Compare, print the table and write the page."""
    import json

    from liangyi.cli.choose import run_of
    from liangyi.core import registry
    from liangyi.core.errors import UserError
    from liangyi.doctor.diagnosis import verdicts_of
    from liangyi.scoring.comparison import compared, write_page
    from liangyi.views import cards, settings

    count = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    args = parse(Compare, words[count:], "compare RUN...", _ABOUT)
    if count < 2:
        raise UserError("liangyi compare wants two runs or more; liangyi compare --help says more")
    demand_suffix(args.out, ".html", "a page")
    for file in args.model:
        registry.find(file)
    found = compared([run_of(word) for word in words[:count]])
    write_page(found, args.out)
    if args.json:
        print(json.dumps(found.json(), indent=2))
        return
    if any(found.cards):
        print(cards.comparison(found.names, found.cards, found.refusals), end="\n\n")
    if found.differing:
        print(settings.table(found.names, found.differing), end="\n\n")
    for name, run in zip(found.names, found.runs, strict=True):
        if verdicts := verdicts_of(run):
            print(f"{name}: {', '.join(verdict.name for verdict in verdicts)}")
    for note in found.notes:
        print(note)
    print(f"side by side: {args.out}")
