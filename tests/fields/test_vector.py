"""Points: a scatter picture of the plane, a listing of what has more sides."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from liangyi import fields
from liangyi.core.spec import Vector
from liangyi.fields.vector import scatter

PLANE = Vector(2)


def marks(picture: Image.Image) -> int:
    """Return how many pixels have about the colour of generated points."""
    rgb = torch.from_numpy(np.array(picture)).int()
    return int(((rgb[..., 0] > 190) & (rgb[..., 2] < 90)).sum())


def test_points_are_drawn_and_the_window_stays_that_of_the_truth() -> None:
    truth = torch.randn(500, 2)
    near, far = torch.zeros(1, 2), torch.full((1, 2), 1e6)
    assert marks(scatter(near, truth)) > marks(scatter(far, truth))
    # the same truth gives the same axes, so the lone far point changes nothing but the count
    assert scatter(near, truth).size == scatter(far, truth).size == (560, 560)


@pytest.mark.parametrize("truth", [None, torch.randn(9, 2)])
def test_points_that_are_no_numbers_break_nothing(truth: Tensor | None) -> None:
    picture = scatter(torch.tensor([[math.nan, 0.0], [0.0, math.inf], [1.0, 1.0]]), truth)
    assert picture.mode == "RGB"
    assert scatter(torch.full((3, 2), math.nan)).mode == "RGB"
    assert scatter(torch.zeros(3, 2)).mode == "RGB"  # a collapsed generator


def test_numbers_are_stored_as_they_are() -> None:
    values = torch.tensor([[-3.5, 0.25], [7.0, 1e-3]])
    seen = fields.scaled(PLANE, values, (-1, 1))
    assert torch.equal(seen, values)  # the range is that of pictures
    assert torch.equal(fields.stored(PLANE, seen.requires_grad_(), (-1, 1)), values)


def test_what_is_no_point_of_that_width_is_outside() -> None:
    example = fields.example(PLANE, 3, torch.device("cpu"))
    assert example.shape == (3, 2) and fields.inside(PLANE, example + 9, (-1, 1))
    assert not fields.inside(Vector(3), example, (-1, 1))
    assert not fields.inside(PLANE, example * math.nan, (-1, 1))
    assert fields.continuous(PLANE)


def test_distances_are_euclidean() -> None:
    one, other = torch.tensor([[0.0, 0.0], [3.0, 0.0]]), torch.tensor([[0.0, 4.0]])
    assert torch.equal(fields.distances(PLANE, one, other), torch.tensor([[4.0], [5.0]]))


def test_lines_are_aligned() -> None:
    lines = fields.lines(PLANE, torch.tensor([[0.5, -1.0], [10.0, 2.0]]))
    assert lines == [" 0.500 -1.000", "10.000  2.000"]
    assert fields.lines(PLANE, torch.zeros(0, 2)) == []


def test_the_plane_is_a_scatter_and_other_spaces_a_listing_with_captions() -> None:
    truth = torch.randn(9, 2)
    assert fields.sheet(PLANE, torch.randn(9, 2), (-1, 1), truth).size == (560, 560)
    assert fields.shown(PLANE) > fields.shown(Vector(3))
    rows = torch.randn(5, 3)
    bare = fields.sheet(Vector(3), rows, (-1, 1))
    named = fields.sheet(Vector(3), rows, (-1, 1), None, ["left", "right", "up", "down", "in"])
    assert bare.size != (560, 560)
    assert named.height == bare.height and named.width > bare.width


def test_distances_hold_far_from_the_origin():
    # breaks when squares of large numbers cancel
    points = torch.randn(300, 2, generator=torch.Generator().manual_seed(0)) / 10
    near = fields.distances(Vector(2), points[:150], points[150:])
    far = fields.distances(Vector(2), points[:150] + 1000, points[150:] + 1000)
    torch.testing.assert_close(far, near, atol=1e-3, rtol=1e-2)
