"""A picture looked at in tiles: all of it, once, in the memory of one tile."""

from __future__ import annotations

import itertools
import weakref

import pytest
import torch
from torch import Tensor

from liangyi.nets.tiles import borders, mean_over_tiles


@pytest.mark.parametrize("side", [1, 63, 64, 65, 100, 1000])
@pytest.mark.parametrize("shift", [-0.5, -0.2, 0.0, 0.49])
def test_tiles_cover_a_side_and_are_neither_larger_than_asked_nor_slivers(side, shift):
    found = borders(side, 64, shift)
    sizes = [after - before for before, after in itertools.pairwise(found)]
    assert found[0] == 0 and found[-1] == side and sum(sizes) == side
    assert max(sizes) <= 64 and (side <= 64 or min(sizes) >= 64 // 5)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (-0.31, 0.44)])
def test_what_each_pixel_gives_by_itself_is_the_same_in_tiles(shift):
    # breaks when tiles overlap, leave something out or weigh otherwise than by their area
    picture = torch.randn(1, 3, 90, 70, generator=torch.Generator().manual_seed(0))
    picture.requires_grad_()
    whole = picture.sin().mean()
    (wanted,) = torch.autograd.grad(whole, picture)
    tiled = mean_over_tiles(lambda part: part.sin().mean(), picture, 32, shift)
    (found,) = torch.autograd.grad(3 * tiled, picture)
    torch.testing.assert_close(tiled, whole)
    torch.testing.assert_close(found, 3 * wanted)


def test_only_one_tile_is_held_at_a_time():
    # breaks when the graphs of all tiles wait for one backward pass
    held: weakref.WeakSet[Kept] = weakref.WeakSet()
    waiting = []

    def keep(tensor: Tensor) -> Kept:
        kept = Kept(tensor)
        held.add(kept)
        return kept

    def look(part: Tensor) -> Tensor:
        waiting.append(len(held))
        found = part.square().mean()
        assert len(held) > 0
        return found

    picture = torch.ones(1, 1, 80, 80, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda kept: kept.tensor):
        mean = mean_over_tiles(look, picture, 32)
    assert waiting == [0] * 16
    mean.backward()
    torch.testing.assert_close(picture.grad, torch.full_like(picture, 2 / 6400))


class Kept:
    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
