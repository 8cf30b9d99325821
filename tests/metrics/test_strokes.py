"""Slant and width of bars that were drawn so."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.metrics.strokes import strokes


def bar(slant: float, half: int) -> torch.Tensor:
    """Return a bar of 2 half + 1 columns, each row moved by `slant` pixels from the one above."""
    ink = torch.zeros(1, 28, 64)
    for row in range(28):
        middle = 32 + math.floor(slant * (row - 14))
        ink[0, row, middle - half : middle + half + 1] = 1
    return ink


@pytest.mark.parametrize("slant", [-1.0, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("half", [0, 2, 5])
def test_a_bar_has_the_slant_and_the_width_that_it_was_drawn_with(slant, half):
    found = strokes(bar(slant, half)[None])
    assert float(found.slant) == pytest.approx(slant, abs=0.02)
    # an even law on 2 h + 1 pixels; half slants are rounded to whole pixels
    assert float(found.width) == pytest.approx((((2 * half + 1) ** 2 - 1) / 12) ** 0.5, abs=0.3)


def test_neither_depends_on_where_the_sign_stands_or_how_dark_it_is():
    ink = bar(0.5, 2)[None]
    for other in (ink.roll(9, 3), 0.3 * ink):
        for one, two in zip(strokes(ink), strokes(other), strict=True):
            torch.testing.assert_close(one, two)


def test_a_picture_without_ink_says_nothing():
    assert strokes(torch.zeros(2, 1, 8, 8)).slant.tolist() == [0, 0]
    assert strokes(torch.zeros(2, 1, 8, 8)).width.tolist() == [0, 0]
