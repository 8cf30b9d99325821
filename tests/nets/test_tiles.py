"""A picture looked at in tiles: all of it, once, in the memory of one tile."""

from __future__ import annotations

import gc
import itertools

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
    alive: list[int] = []

    class Held(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x: Tensor) -> Tensor:
            ctx.token = Token()
            return x * 2

        @staticmethod
        def backward(ctx, slope: Tensor) -> Tensor:
            return slope * 2

    class Token:
        count = 0

        def __init__(self) -> None:
            Token.count += 1
            alive.append(Token.count)

        def __del__(self) -> None:
            Token.count -= 1

    def look(part: Tensor) -> Tensor:
        gc.collect()
        return Held.apply(part).mean()

    picture = torch.zeros(1, 1, 80, 80, requires_grad=True)
    mean_over_tiles(look, picture, 32).backward()
    assert len(alive) == 16 and max(alive) <= 2
    assert torch.allclose(picture.grad, torch.full_like(picture, 2 / 6400))
