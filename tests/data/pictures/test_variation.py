"""Pictures that are varied while they are learned from, and at no other look."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from liangyi.core.batch import Images
from liangyi.core.errors import UserError
from liangyi.data import Batches, choose
from liangyi.data.pictures.variation import cropped, mirrored


def dice(*numbers):
    """Return dice that give these numbers to one item."""
    return lambda width: torch.tensor([numbers[:width]])


IMAGE = torch.randint(0, 256, (1, 3, 10, 8), dtype=torch.uint8)


def test_a_mirror_exchanges_left_and_right_exactly():
    assert torch.equal(mirrored(IMAGE, dice(0.4)), IMAGE.flip(3))
    assert torch.equal(mirrored(IMAGE, dice(0.6)), IMAGE)


def test_a_crop_is_the_part_that_it_says():
    assert torch.equal(cropped(IMAGE, dice(1.0, 0.7, 0.2), 0.5), IMAGE)  # all of it
    # a half, from the top left: every second pixel lies between two, at one and three quarters
    found = cropped(IMAGE, dice(0.0, 0.0, 0.0), 0.5).float()
    line = IMAGE[0, 0].float()
    wanted = 0.75 * line[0] + 0.25 * line[1]  # row 1 lies at place .25
    assert found[0, 0, 1, 1] == pytest.approx(
        float((0.75 * wanted[0] + 0.25 * wanted[1]).round()), abs=1
    )
    corner = cropped(IMAGE, dice(0.0, 1.0, 1.0), 0.5)
    assert torch.equal(corner[0, :, -1, -1], IMAGE[0, :, -1, -1])
    assert not torch.equal(corner, found.to(torch.uint8))


def batch(number=0, seed=0, rank=0, world=1, **settings):
    data = choose("digits", **settings).split("train")
    stream = Batches(data, Images, 32, seed, "cpu", (0.0, 255.0), rank, world)
    return stream.batch(number).image


@pytest.mark.parametrize(
    "settings", [{"mirror": True}, {"crop": 0.7}, {"mirror": True, "crop": 0.8}]
)
def test_a_training_batch_is_a_function_of_seed_and_number(settings):
    # breaks when the dice are PyTorch's own, or when a process throws those of others
    plain, varied = batch(3), batch(3, **settings)
    assert torch.equal(varied, batch(3, **settings)) and not torch.equal(varied, plain)
    assert not torch.equal(varied, batch(4, **settings))
    halves = [batch(3, rank=rank, world=2, **settings) for rank in (0, 1)]
    assert torch.equal(torch.cat(halves), varied)


def test_a_mirrored_batch_holds_pictures_and_mirror_images():
    plain, varied = batch(), batch(mirror=True)
    same = (plain == varied).flatten(1).all(1)
    flipped = (plain.flip(3) == varied).flatten(1).all(1)
    assert bool((same | flipped).all()) and 4 < int((~same).sum()) < 28


def test_nothing_else_is_varied():
    # breaks when scores, evaluators or what is held out see varied pictures
    plain, varied = (choose("digits", mirror=m, crop=c) for m, c in ((False, 1.0), (True, 0.5)))
    for split in ("train", "test"):
        one, other = plain.split(split), varied.split(split)
        assert one.fingerprint == other.fingerprint
        assert torch.equal(one.some(50, Images).image, other.some(50, Images).image)
    assert varied.split("test").vary is None
    held = varied.split("test").rows(0, 0, 20, slice(None))
    assert torch.equal(held["image"], plain.split("test").rows(0, 0, 20, slice(None))["image"])


def test_folders_are_varied_too(tmp_path):
    for number in range(4):
        pixels = np.random.RandomState(number).randint(0, 256, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    data = choose(str(tmp_path), mirror=True).split()
    plain = choose(str(tmp_path)).split()
    rows = [(d.rows(0, n, 4, slice(None))["image"]) for n in range(3) for d in (data, plain)]
    assert any(not torch.equal(a, b) for a, b in zip(rows[::2], rows[1::2], strict=True))


def test_a_part_has_bounds():
    with pytest.raises(UserError, match="crop = 0"):
        choose("digits", crop=0.0)
