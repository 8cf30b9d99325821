"""How excited a layer is: closed forms."""

from __future__ import annotations

import pytest
import torch

from liangyi.losses.excitement import excitement


@pytest.mark.parametrize(("border", "left"), [(0, 36), (1, 16), (2, 4), (3, 36)])
def test_the_border_is_left_out_of_the_sum_and_not_of_the_count(border, left):
    # of 6 x 6; where nothing would be left, all is kept
    activation = torch.full((1, 5, 6, 6), -2.0)
    assert float(excitement(activation, border)) == pytest.approx(4 * left / 36)


def test_a_guide_is_matched_place_by_place():
    # places (1, 0), (0, 2) look for the best of the guide's (3, 0), (0, 5), (-9, -9)
    seen = torch.tensor([[1.0, 0.0], [0.0, 2.0]]).view(1, 2, 1, 2)
    guide = torch.tensor([[3.0, 0.0, -9.0], [0.0, 5.0, -9.0]]).view(1, 2, 1, 3)
    assert float(excitement(seen, 0, guide)) == (3 + 10) / 4
    seen.requires_grad_()
    (slope,) = torch.autograd.grad(excitement(seen, 0, guide), seen)
    # towards the guide's own activations
    assert slope.view(2, 2).T.tolist() == [[3 / 4, 0], [0, 5 / 4]]


def test_a_guide_of_a_flat_layer_is_one_place():
    seen, guide = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]])
    assert float(excitement(seen, 2, guide)) == (3 - 2) / 2
