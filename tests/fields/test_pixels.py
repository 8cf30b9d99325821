"""Pictures: bytes there and back, contact sheets for people."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from liangyi import fields
from liangyi.core.spec import Pixels
from liangyi.fields.pixels import CAPTION, GAP, PAPER, grid, to_bytes


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


@pytest.mark.parametrize("value_range", [(-1.0, 1.0), (0.0, 1.0)])
def test_a_model_sees_its_range_and_the_disk_sees_bytes(value_range: tuple[float, float]) -> None:
    field, every = Pixels(1, 16, 16), torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    values = fields.scaled(field, every, value_range)
    assert (float(values.min()), float(values.max())) == value_range
    assert torch.equal(fields.stored(field, values, value_range), every)
    assert fields.inside(field, values, value_range)
    assert every.flatten().tolist() == list(range(256))  # the stored ones are left alone


def test_what_is_no_picture_of_that_kind_is_outside() -> None:
    field = Pixels(3, 4, 5)
    example = fields.example(field, 2, torch.device("cpu"))
    assert example.shape == (2, 3, 4, 5) and fields.inside(field, example, (-1, 1))
    for wrong in (example + 1.1, example - 1.1, example * math.nan, example[:, :1]):
        assert not fields.inside(field, wrong, (-1, 1))
    assert fields.continuous(field) and fields.shown(field) == 64


def test_distances_are_those_of_the_pixels() -> None:
    field = Pixels(1, 2, 2)
    one, other = torch.zeros(2, 1, 2, 2), torch.ones(3, 1, 2, 2)
    assert torch.equal(fields.distances(field, one, other), torch.full((2, 3), 2.0))
    assert fields.coordinates(field, one).shape == (2, 4)


def test_captions_stand_below_their_pictures_and_leave_these_alone() -> None:
    # breaks when a sheet of digits does not say which was asked for
    images, captions = torch.rand(6, 1, 20, 20), ["a", "b", "", "d", "e", "w" * 99]
    bare = pixels(grid(images, (0.0, 1.0), columns=3, scale=3))
    sheet = pixels(grid(images, (0.0, 1.0), columns=3, scale=3, captions=captions))
    assert sheet.shape == (2 * (60 + GAP + CAPTION) + GAP, 3 * (60 + GAP) + GAP)
    for row in range(2):
        top, old = GAP + row * (60 + GAP + CAPTION), GAP + row * (60 + GAP)
        assert torch.equal(sheet[top : top + 60], bare[old : old + 60])
    below = sheet[GAP + 60 : GAP + 60 + CAPTION]
    inked = [bool((below[:, k * 62 : k * 62 + 62] < 150).any()) for k in range(3)]
    assert inked == [True, True, False]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_kind_draws_its_sheet_with_captions(channels: int) -> None:
    field, images = Pixels(channels, 8, 8), torch.rand(4, channels, 8, 8)
    sheet = fields.sheet(field, images, (0.0, 1.0))
    assert sheet.mode == ("L" if channels == 1 else "RGB")
    named = fields.sheet(field, images, (0.0, 1.0), None, ["0", "1", "2", "3"])
    assert named.width == sheet.width and named.height == sheet.height + 2 * CAPTION


def test_shared_captions_head_the_rows_of_their_pictures() -> None:
    # breaks when a sheet of a conditional model does not say which class a row shows
    names = ["cat", "dog", "newt"] * 4
    images = torch.arange(12.0).view(12, 1, 1, 1).expand(12, 1, 20, 20) / 12
    sheet = pixels(grid(images, (0.0, 1.0), columns=4, scale=1, captions=names))
    aside = sheet.shape[1] - 4 * (20 + GAP) - GAP
    assert sheet.shape[0] == 3 * (20 + GAP) + GAP and aside > 20
    for row in range(3):
        top = GAP + row * (20 + GAP)
        assert float(sheet[top : top + 20, :aside].float().std()) > 5  # there is something written
        found = [sheet[top + 9, aside + GAP + place * (20 + GAP) + 9] for place in range(4)]
        assert found == to_bytes(images[row::3, 0, 0, 0], (0.0, 1.0)).tolist()


def test_one_class_alone_is_said_once_and_its_pictures_fill_a_square() -> None:
    sheet = grid(torch.rand(64, 1, 8, 8), (0.0, 1.0), captions=["seven"] * 64)
    bare = grid(torch.rand(64, 1, 8, 8), (0.0, 1.0))
    assert sheet.height == bare.height and 20 < sheet.width - bare.width < 100


@pytest.mark.parametrize("classes", [1, 2, 3, 7, 10, 20])
def test_headed_sheets_are_about_square_and_hold_every_picture(classes: int) -> None:
    images = torch.ones(60, 1, 10, 10)
    names = [f"kind {number % classes}" for number in range(60)]
    sheet = pixels(grid(images, (0.0, 1.0), captions=names, scale=1))
    assert int((sheet == 255).sum()) >= 60 * 100
    assert 0.25 <= sheet.shape[1] / sheet.shape[0] <= 2.5


def test_a_heading_is_cut_before_it_is_wider_than_the_pictures() -> None:
    sheet = grid(torch.rand(9, 1, 20, 20), (0.0, 1.0), captions=["w" * 999] * 9)
    assert sheet.width < 800
