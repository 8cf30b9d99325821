"""Freezing: parts of a network that stay as they are while the rest of it learns.

Nothing is switched off: who is not named by the player does not move, and no gradient is worked out
for it. Batch normalisation in a frozen part keeps its running statistics, too; dropout goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from liangyi.core.config import Config
from liangyi.core.errors import UserError, unknown
from liangyi.core.model import Part

_FEATURES = "features"


@dataclass(frozen=True, kw_only=True)
class FreezingConfig(Config):
    """Which parts do not learn."""

    # parts that stay as they are, by their names; features: that part, else all but the last layer
    freeze: tuple[str, ...] = ()


def layers(network: nn.Module) -> dict[str, nn.Module]:
    """Return the modules that have weights of their own, by their paths, in order."""
    every = network.named_modules()
    return {path: part for path, part in every if next(part.parameters(recurse=False), None)
            is not None}  # fmt: skip


def frozen(network: nn.Module, names: Sequence[str]) -> tuple[Part, ...]:
    """Return the parts of these names, modules and single weights.

    Args:
        network: where they are.
        names: their paths; `features`, where no part is called so: all layers but the last.

    Raises:
        UserError: there is no such part, or nothing would be left to learn.
    """
    parts = {path: part for path, part in network.named_modules() if path}
    found: list[Part] = []
    for name in names:
        if name in parts:
            found.append(parts[name])
        elif name == _FEATURES:
            found += _but_the_last(network)
        else:
            raise UserError(
                str(unknown("part", name, {_FEATURES: None, **parts})), setting="freeze"
            )
    if found and not learning(network, found):
        raise UserError("nothing would be left that learns", setting="freeze")
    return tuple(found)


def _but_the_last(network: nn.Module) -> list[Part]:
    """Return all layers but the last; of one around it, as a transformer's, its own weights."""
    *before, last = layers(network).values()
    found: list[Part] = []
    for part in before:
        around = any(last is inner for inner in part.modules())
        found += part.parameters(recurse=False) if around else [part]
    return found


def learning(network: nn.Module, still: Sequence[Part]) -> tuple[Part, ...]:
    """Return the player of what learns: the largest parts in which nothing is frozen.

    Args:
        network: the whole.
        still: parts of it that are frozen; without one, the whole is the player.
    """
    known = {id(part) for part in still}
    if id(network) in known or next(network.parameters(), None) is None:
        return ()
    if not known & {id(part) for part in (*network.modules(), *network.parameters())}:
        return (network,)
    weights = network.parameters(recurse=False)
    own: tuple[Part, ...] = tuple(weight for weight in weights if id(weight) not in known)
    return sum((learning(part, still) for part in network.children()), own)


def rest(still: Sequence[Part]) -> None:
    """Let the batch normalisation in frozen parts use its running statistics."""
    for part in still:
        for module in part.modules() if isinstance(part, nn.Module) else ():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
