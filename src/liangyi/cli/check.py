"""`liangyi check MODEL`: whether a model keeps the contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from liangyi.cli.flags import parse
from liangyi.core.config import Config

_ABOUT = (
    "Whether a model keeps the contract: each turn moves only its player, stopping changes no bit, "
    "verbs leave no trace ... MODEL is a name, or a file of your own: liangyi check ./my_gan.py"
)


@dataclass(frozen=True, kw_only=True)
class Check(Config):
    """What is told."""

    json: bool = False  # for scripts


def main(words: Sequence[str]) -> int:
    """Run every check and tell what is not kept."""
    import json
    import tempfile
    from pathlib import Path

    import torch

    from liangyi.cli.choose import named
    from liangyi.core import registry
    from liangyi.core.errors import UserError
    from liangyi.lab.contract import Broken, checks
    from liangyi.lab.small import Small

    name, rest = named(words, "check")
    args = parse(Check, rest, "check MODEL", _ABOUT)
    kind = registry.find(name)
    torch.set_num_threads(1)  # the models are tiny
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        small = Small.of(kind, Path(folder))
        for number, (about, check) in enumerate(checks(small)):
            small.folder = Path(folder) / str(number)
            try:
                check()
                found[about] = ""
            except (Broken, UserError, RuntimeError, TypeError, AttributeError) as error:
                found[about] = " ".join(str(error).split())[:200] or type(error).__name__
            if not args.json:
                print(f"{'✗' if found[about] else '✓'} {about}")
    broken = {about: why for about, why in found.items() if why}
    if args.json:
        print(json.dumps({"model": kind.name(), "checks": found}, indent=2, ensure_ascii=False))
    elif not broken:
        print(f"{kind.name()} keeps the contract")
    if broken and not args.json:
        about, why = next(iter(broken.items()))
        raise UserError(
            f"{kind.name()}: {about}: {why}" + f" (and {len(broken) - 1} more)" * (len(broken) > 1)
        )
    return 2 if broken else 0
