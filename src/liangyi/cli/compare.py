"""`liangyi compare RUN...`: several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from liangyi.cli.flags import parse

_ABOUT = (
    "Several runs side by side: cards, curves, samples, verdicts. Cards that were not measured "
    "alike are shown, but not ranked, and the reason is given."
)


@dataclass(frozen=True)
class Compare:
    """Where the page goes."""

    out: Annotated[Path, tyro.conf.arg(aliases=("-o",))] = Path("compare.html")  # page
    json: bool = False  # print for scripts


def main(words: Sequence[str]) -> None:
    """Compare, print the table and write the page."""
    import json

    from liangyi.comparing import compared, write_page
    from liangyi.core.errors import UserError
    from liangyi.core.run import Run
    from liangyi.views import cards

    count = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    args = parse(Compare, words[count:], "compare RUN...", _ABOUT)
    if count < 2:
        raise UserError("liangyi compare wants two runs or more; liangyi compare --help says more")
    runs = [Run(word) for word in words[:count]]
    found = compared(runs)
    write_page(found, args.out)
    if args.json:
        print(json.dumps(found.json(), indent=2))
        return
    print(cards.comparison(found.names, found.cards, found.refusals))
    print(f"side by side: {args.out}")
