"""Small shifts and mirroring: nearest pixels come in, and the law is Keras'."""

from __future__ import annotations

import torch

from liangyi.core import draw
from liangyi.nets.shifting import ShiftFlip


def changed(image: torch.Tensor, shift: float, flip: bool, number: int = 0) -> torch.Tensor:
    augment = ShiftFlip((0.0, 1.0), shift, flip)
    with draw.step(0, number, torch.device("cpu")):
        return augment(image)


def test_nothing_is_left_out_at_the_edges():
    # breaks when 0 comes in, as in DiffAugment
    image = torch.full((50, 3, 10, 12), 0.7)
    torch.testing.assert_close(changed(image, 0.4, True), image)


def test_a_slope_shows_the_shift():
    slope = torch.arange(20.0).expand(200, 1, 20, 20) / 20
    found = changed(slope, 0.1, False)
    shift = (found - slope)[:, 0, :, 10] * 20  # pixels, far from the edges
    assert float(shift.abs().max()) <= 2 + 1e-4
    torch.testing.assert_close(shift, shift[:, :1].expand_as(shift), rtol=0, atol=1e-4)
    # even between -2 and 2: by parts of a pixel, about 0
    assert (
        abs(float(shift[:, 0].mean())) < 0.3 and abs(float(shift[:, 0].std()) - 4 / 12**0.5) < 0.2
    )
    assert float((shift[:, 0] - shift[:, 0].round()).abs().mean()) > 0.1


def test_half_are_mirrored_and_only_left_and_right():
    image = torch.rand(1, 3, 6, 6).expand(400, -1, -1, -1)
    found = changed(image, 0.0, True)
    mirrored = (found - image.flip(3)).abs().flatten(1).amax(1) < 1e-5
    same = (found - image).abs().flatten(1).amax(1) < 1e-5
    assert bool((mirrored ^ same).all()) and 150 < int(mirrored.sum()) < 250
    torch.testing.assert_close(changed(image, 0.0, False), image)


def test_the_step_decides_the_numbers_and_the_noise_stays_what_it_is():
    image = torch.rand(8, 1, 9, 9)
    assert torch.equal(changed(image, 0.1, True), changed(image, 0.1, True))
    assert not torch.equal(changed(image, 0.1, True), changed(image, 0.1, True, number=1))
    with draw.step(0, 0, torch.device("cpu")):
        ShiftFlip((0.0, 1.0), 0.1, True)(image)
        after = draw.normal(4, 3)
    with draw.step(0, 0, torch.device("cpu")):
        assert torch.equal(after, draw.normal(4, 3))
