from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from liangyi.core.batch import Spec
from liangyi.views.grid import GAP, PAPER, grid, picture_of, points, text, to_bytes


def pixels(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(picture))


@pytest.mark.parametrize("image_range", [(-1.0, 1.0), (0.0, 1.0), (-3.0, 5.0)])
def test_every_byte_survives_the_way_into_the_range_and_back(
    image_range: tuple[float, float],
) -> None:
    low, high = image_range
    every = torch.arange(256, dtype=torch.uint8)
    images = every.float() / 255 * (high - low) + low
    assert torch.equal(to_bytes(images, image_range), every)


def test_bytes_are_rounded_and_clamped_not_wrapped() -> None:
    images = torch.tensor([-9.0, -0.001, 0.499 / 255, 0.501 / 255, 1.001, 9.0, math.inf, math.nan])
    assert to_bytes(images, (0.0, 1.0)).tolist() == [0, 0, 0, 1, 255, 255, 255, 0]


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        to_bytes(torch.zeros(1), (1.0, 1.0))


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_can_be_cut_out_of_the_sheet_again(channels: int) -> None:
    images = torch.randint(256, (10, channels, 17, 16), dtype=torch.uint8)
    sheet = pixels(grid(images.float() / 255, (0.0, 1.0), columns=4, scale=3))
    sheet = sheet.reshape(sheet.shape[0], sheet.shape[1], channels)
    assert sheet.shape == (3 * (51 + GAP) + GAP, 4 * (48 + GAP) + GAP, channels)
    for index in range(10):
        top, left = GAP + index // 4 * (51 + GAP), GAP + index % 4 * (48 + GAP)
        tile = sheet[top : top + 51, left : left + 48].permute(2, 0, 1)
        assert torch.equal(tile[:, ::3, ::3], images[index])
        assert torch.equal(tile, images[index].repeat_interleave(3, 1).repeat_interleave(3, 2))
    assert (sheet[-48:, -48:] == PAPER).all()  # the last row is not full


def test_very_small_pictures_are_enlarged_smoothly_and_stay_in_their_places() -> None:
    # breaks when an 8 x 8 digit is shown as squares, which hide its lines, or wraps around at 255
    images = torch.zeros(1, 1, 8, 8)
    images[..., 2:6, 3:5] = 1
    sheet = pixels(grid(images, (0.0, 1.0), scale=8))[GAP:-GAP, GAP:-GAP].float()
    assert len(sheet.unique()) > 10
    means = torch.nn.functional.avg_pool2d(sheet.view(1, 1, 64, 64), 8)
    assert float((means / 255 - images).abs().max()) < 0.35
    assert float(sheet[28:36, 28:36].min()) > 200 and float(sheet[:8].max()) < 30


@pytest.mark.parametrize("side", [8, 28, 32, 64])
@pytest.mark.parametrize("count", [16, 36, 64])
def test_sheets_are_as_wide_as_people_can_use(count: int, side: int) -> None:
    sheet = grid(torch.rand(count, 1, side, side), (0.0, 1.0))
    assert 400 <= sheet.width <= 800
    assert 0.5 <= sheet.width / sheet.height <= 2


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (10, 5), (12, 4), (32, 8), (64, 8), (7, 3)])
def test_rows_are_full_where_that_is_nearly_square(count: int, columns: int) -> None:
    sheet = grid(torch.rand(count, 1, 10, 10), (0.0, 1.0), scale=1)
    assert sheet.width == columns * (10 + GAP) + GAP


def test_large_pictures_are_not_shrunk() -> None:
    assert grid(torch.rand(4, 3, 600, 600), (0.0, 1.0)).width == 1200 + 3 * GAP


def test_two_channels_are_side_by_side_and_more_than_three_are_cut() -> None:
    two = torch.stack([torch.zeros(4, 4), torch.ones(4, 4)])[None]
    sheet = pixels(grid(two, (0.0, 1.0), scale=1))
    assert sheet.shape == (4 + 2 * GAP, 8 + 2 * GAP)
    assert (sheet[3, 2:6] == 0).all() and (sheet[3, 6:10] == 255).all()
    assert grid(torch.rand(1, 5, 4, 4), (0.0, 1.0)).mode == "RGB"


@pytest.mark.parametrize("shape", [(3, 8, 8), (0, 1, 8, 8)])
def test_what_is_no_batch_of_images_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\[N C H W\]"):
        grid(torch.zeros(shape), (0.0, 1.0))


def marks(picture: Image.Image) -> int:
    """Return how many pixels have about the colour of generated points."""
    rgb = pixels(picture).int()
    return int(((rgb[..., 0] > 190) & (rgb[..., 2] < 90)).sum())


def test_points_are_drawn_and_the_window_stays_that_of_the_truth() -> None:
    truth = torch.randn(500, 2)
    near, far = torch.zeros(1, 2), torch.full((1, 2), 1e6)
    assert marks(points(near, truth)) > marks(points(far, truth))
    # the same truth gives the same axes, so the lone far point changes nothing but the count
    assert points(near, truth).size == points(far, truth).size == (560, 560)


@pytest.mark.parametrize("truth", [None, torch.randn(9, 2)])
def test_points_that_are_no_numbers_break_nothing(truth: Tensor | None) -> None:
    picture = points(torch.tensor([[math.nan, 0.0], [0.0, math.inf], [1.0, 1.0]]), truth)
    assert picture.mode == "RGB"
    assert points(torch.full((3, 2), math.nan)).mode == "RGB"
    assert points(torch.zeros(3, 2)).mode == "RGB"  # a collapsed generator


def test_listings_are_aligned() -> None:
    assert text(torch.tensor([[1, 22], [333, 4]])) == "  1  22\n333   4"
    assert text(torch.tensor([[0.5, -1.0]])) == " 0.500 -1.000"


def test_the_data_decides_what_is_drawn() -> None:
    images = Spec(kind="Images", shape=(1, 8, 8))
    assert picture_of(torch.rand(4, 1, 8, 8), images, (0.0, 1.0)).mode == "L"
    plane = Spec(kind="Points", shape=(2,))
    assert picture_of(torch.randn(9, 2), plane, (0.0, 1.0), torch.randn(9, 2)).size == (560, 560)
    pairs = Spec(kind="Tokens", shape=(2,), vocabulary=7)
    short = picture_of(torch.randint(7, (5, 2)), pairs, (0.0, 1.0))
    assert short.size != (560, 560)
    long = picture_of(torch.randint(7, (5, 9)), pairs, (0.0, 1.0))
    assert long.width > short.width and long.height == short.height
    assert len(short.getcolors() or []) > 2  # something is written


def test_long_listings_make_no_endless_pictures() -> None:
    spec = Spec(kind="Tokens", shape=(9000,), vocabulary=9)
    picture = picture_of(torch.randint(9, (500, 9000)), spec, (0.0, 1.0))
    assert picture.width < 3000 and picture.height < 3000
