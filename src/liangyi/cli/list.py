"""`liangyi list`: the models and the data that are there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from liangyi.cli.flags import parse


@dataclass(frozen=True)
class List:
    """What to list."""

    json: bool = False  # for scripts


def main(words: Sequence[str]) -> None:
    """Print the models and the data."""
    args = parse(List, words, "list", "The models and the data that are there.")
    from liangyi import data
    from liangyi.core import registry

    models = {name: registry.summary(name) for name in registry.names()}
    sources = {name: source.about for name, source in data.SOURCES.items()}
    if args.json:
        print(json.dumps({"models": models, "data": sources}, indent=2, ensure_ascii=False))
        return
    print("models (liangyi train MODEL)")
    for name, about in models.items():
        print(f"  {name:13} {about.split(': ', 1)[-1]}")
    print("\ndata (--data NAME, or the path of any folder of pictures)")
    for name, about in sources.items():
        print(f"  {name:13} {about}")
