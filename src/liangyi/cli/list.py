"""`liangyi list`: the models and the data that are there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from liangyi.cli.flags import parse
from liangyi.core.config import Config


@dataclass(frozen=True, kw_only=True)
class List(Config):
    """What to list."""

    json: bool = False  # for scripts


def main(words: Sequence[str]) -> None:
    """Print the models by family, and the data."""
    args = parse(List, words, "list", "The models and the data that are there.")
    from liangyi.core import registry
    from liangyi.data.catalogue import summaries

    families = registry.families()
    models = {name: registry.summary(name) for names in families.values() for name in names}
    sources = summaries()
    if args.json:
        plain = {"models": models, "families": families, "data": sources}
        print(json.dumps(plain, indent=2, ensure_ascii=False))
        return
    width = max(map(len, [*models, *sources]))
    print("models (liangyi train MODEL)")
    for family, names in families.items():
        print(f"\n  {family}")
        for name in names:
            print(f"    {name:{width}} {models[name].split(': ', 1)[-1]}")
    print("\ndata (--data NAME, or the path of any folder of pictures or file of arrays)\n")
    for name, about in sources.items():
        print(f"    {name:{width}} {about}")
