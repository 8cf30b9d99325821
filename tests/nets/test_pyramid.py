"""The Laplacian pyramid: nothing is lost, and each part is what it says."""

from __future__ import annotations

import pytest
import torch

from liangyi.nets import pyramid


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_the_parts_make_the_picture_again_bit_for_bit(levels):
    # means of four bytes and bilinear quarters of them are exact in float32
    picture = torch.randint(256, (5, 3, 16, 24)).float()
    assert torch.equal(pyramid.collapsed(pyramid.bands(picture, levels)), picture)


def test_in_a_models_range_they_make_it_again_to_rounding():
    picture = torch.rand(5, 3, 32, 32) * 2 - 1
    found = pyramid.collapsed(pyramid.bands(picture, 4))
    assert float((found - picture).abs().max()) < 5e-7


def test_parts_double_in_size_from_the_means_of_blocks():
    picture = torch.rand(2, 1, 16, 8)
    smallest, *finer = pyramid.bands(picture, 3)
    blocks = picture.unflatten(3, (2, 4)).unflatten(2, (4, 4)).mean((3, 5))
    torch.testing.assert_close(smallest, blocks)
    assert [list(band.shape) for band in finer] == [[2, 1, 8, 4], [2, 1, 16, 8]]


def test_what_has_no_detail_has_empty_bands():
    # breaks when doubling darkens the borders
    flat = torch.full((1, 1, 8, 8), 0.7)
    smallest, *finer = pyramid.bands(flat, 3)
    assert all(torch.allclose(band, torch.zeros(()), atol=1e-6) for band in finer)
    torch.testing.assert_close(smallest, torch.full((1, 1, 2, 2), 0.7))
