from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from liangyi.fields.pixels import GAP
from liangyi.views.nearest import FEWEST, MOST, nearest_pairs


def tiles(sheet: Image.Image, count: int) -> Tensor:
    """Return the middle pixel of each picture of a sheet of two rows."""
    pixels = torch.from_numpy(np.array(sheet))
    high, wide = (pixels.shape[0] - GAP) // 2, (pixels.shape[1] - GAP) // count
    return pixels[GAP + high // 2 :: high, GAP + wide // 2 :: wide][:2, :count]


def flat(levels: list[int], channels: int = 1, side: int = 16) -> Tensor:
    levels_of = torch.tensor(levels).float() / 255
    return levels_of.view(-1, 1, 1, 1).expand(-1, channels, side, side)


@pytest.mark.parametrize("count", [1, 3, 5, MOST])
def test_generated_pictures_stand_above_what_they_are_nearest_to(count: int) -> None:
    # breaks when rows are swapped or pairs are torn apart: a copy would look like an invention
    above, below = list(range(count)), [200 - n for n in range(count)]
    sheet = nearest_pairs(flat(above), flat(below), (0.0, 1.0))
    assert tiles(sheet, count).tolist() == [above, below]


def test_colours_stay_with_their_pair() -> None:
    samples, found = flat([10, 20, 30, 40], 3), flat([50, 60, 70, 80], 3)
    found = found * torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    shown = tiles(nearest_pairs(samples, found, (0.0, 1.0)), 4)
    assert shown[0, 2].tolist() == [30, 30, 30] and shown[1, 2].tolist() == [70, 0, 0]


def test_of_many_pairs_the_first_are_shown() -> None:
    above, below = list(range(40)), list(range(100, 140))
    sheet = nearest_pairs(flat(above), flat(below), (0.0, 1.0))
    assert tiles(sheet, MOST).tolist() == [above[:MOST], below[:MOST]]
    assert sheet.width < 800


def test_few_pairs_are_not_blown_up() -> None:
    one = nearest_pairs(flat([1]), flat([2]), (0.0, 1.0))
    four = nearest_pairs(flat([1] * FEWEST), flat([2] * FEWEST), (0.0, 1.0))
    assert one.height == four.height and 500 < four.width < 800


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        (torch.zeros(3, 1, 8, 8), torch.zeros(2, 1, 8, 8)),
        (torch.zeros(3, 1, 8, 8), torch.zeros(3, 1, 8, 9)),
        (torch.zeros(0, 1, 8, 8), torch.zeros(0, 1, 8, 8)),
        (torch.zeros(3, 8), torch.zeros(3, 8)),
    ],
)
def test_what_makes_no_pairs_is_refused(samples: Tensor, found: Tensor) -> None:
    with pytest.raises(ValueError):
        nearest_pairs(samples, found, (0.0, 1.0))
