"""Patches of noisy and of clean photographs that are no pairs, and of the pairs that judge.

    noisy     patches of noisy photographs
    clean     patches of other photographs without noise
    noised    the patches of `clean` with the noise, where that is known

What is learned without pairs takes the first two, which are sets of unequal length; what wants
pairs, as a denoiser that learns from true noise, takes the last two. Held-out photographs that have
pairs stand in all three.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
from annotated_types import Ge, Le
from torch import Tensor

from liangyi.core import draw
from liangyi.core.config import Config, Count
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels, Spec
from liangyi.data.columns import Columns
from liangyi.data.pictures import files
from liangyi.data.source import Source

HELD_OUT = 4  # one photograph in so many is held out


class Unpaired(NamedTuple):
    """Noisy pictures and clean ones, which are no pairs."""

    noisy: Annotated[Tensor, Pixels]  # [N C H W]
    clean: Annotated[Tensor, Pixels]  # [N C H W], of other photographs


class Paired(NamedTuple):
    """The same, and the clean pictures with noise."""

    noisy: Annotated[Tensor, Pixels]  # [N C H W]
    clean: Annotated[Tensor, Pixels]  # [N C H W], of other photographs
    noised: Annotated[Tensor, Pixels]  # [N C H W], of those of `clean`


class Photographs(NamedTuple):
    """Photographs of one split, bytes [C H W] each."""

    noisy: Sequence[Tensor]
    clean: Sequence[Tensor]
    noised: Sequence[Tensor] | None  # of the clean ones, in their order; None: nobody knows


@dataclass(frozen=True, kw_only=True)
class NoisyConfig(Config):
    """How photographs become patches."""

    side: Annotated[int, Ge(8), Le(512)] = 32  # pixels of a patch's side
    grey: bool = False  # turn colour to grey
    patches: Count = 30_000  # of each set at most, drawn evenly from its photographs


class NoisySource(Source):
    """Photographs with noise and without, served as patches."""

    Config = NoisyConfig

    @abstractmethod
    def paired(self) -> bool:
        """Whether the noise on clean photographs is known."""

    @abstractmethod
    def photographs(self, split: str) -> Photographs:
        """Return the photographs of a split, each in the source's channels."""

    @property
    def channels(self) -> int:
        """Channels of a photograph."""
        return 1 if self.config.grey else 3

    def spec(self) -> Spec:
        """Return what a patch looks like."""
        patch = Pixels(self.channels, self.config.side, self.config.side)
        spec = Spec("noisy", noisy=patch, clean=patch)
        return spec.replace(noised=patch) if self.paired() else spec

    def items(self, split: str) -> Columns | None:
        """Return the patches of a split.

        Raises:
            UserError: no photograph is as large as a patch.
        """
        found = self.photographs(split)
        cut = {"noisy": self._patches(found.noisy, "noisy"),
               "clean": self._patches(found.clean, "clean")}  # fmt: skip
        if found.noised is not None:
            cut["noised"] = self._patches(found.noised, "clean")  # the same places
        return cut

    def _patches(self, photographs: Sequence[Tensor], purpose: str) -> Tensor:
        side, dice = self.config.side, draw.generator(0, f"patches of {purpose}")
        most = -(-self.config.patches // max(1, len(photographs)))
        found = []
        for photograph in photographs:
            if min(photograph.shape[1:]) < side:
                continue
            every = patches(photograph, side)
            order = torch.randperm(len(every), generator=dice, device="cpu")[:most]
            found.append(every[order.sort().values])
        whole = torch.cat(found) if found else torch.empty(0, device="cpu")
        if not len(whole):
            raise UserError(f"no {purpose} photograph has {side} pixels a side", setting="side")
        return whole


def patches(photograph: Tensor, side: int) -> Tensor:
    """Return the squares [N C side side] that a photograph [C H W] is tiled with."""
    tiles = photograph.unfold(1, side, side).unfold(2, side, side)
    return tiles.permute(1, 2, 0, 3, 4).flatten(0, 1).contiguous()


def read(path: Path, channels: int) -> Tensor:
    """Return a photograph at its own size, bytes [C H W].

    Raises:
        UserError: it cannot be read.
    """
    seen = files.look(path)
    found = seen if isinstance(seen, str) else files.decode(path, (channels, seen.height,
                                                                   seen.width))  # fmt: skip
    if isinstance(found, str):
        raise UserError(f"{path} cannot be read ({found})")
    return torch.from_numpy(found.pixels.copy())


class Shares(NamedTuple):
    """Which photographs, by their numbers, serve what."""

    noisy: list[int]
    clean: list[int]
    test: list[int]


def shares(groups: Sequence[str], held_out: bool = True) -> Shares:
    """Share photographs out to noisy, clean and held-out ones, by a fixed permutation.

    Args:
        groups: of each photograph; those of a group (as crops of one scene) stay together.
        held_out: whether a part is held out.
    """
    names = sorted(set(groups))
    order = torch.randperm(len(names), generator=draw.generator(0, "shares"), device="cpu")
    place = {names[int(number)]: rank for rank, number in enumerate(order)}
    found = Shares([], [], [])
    tested = len(names) // HELD_OUT if held_out else 0
    for number, group in enumerate(groups):
        rank = place[group]
        if rank < tested:
            found.test.append(number)
        else:
            (found.noisy if rank % 2 else found.clean).append(number)
    return found
