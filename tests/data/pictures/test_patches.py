"""Patches of photographs: aligned with their copies, fair, the same again, and mistakes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from liangyi.core.errors import UserError
from liangyi.data import Batches, choose
from liangyi.data.pictures.patches import Enlarged, Pairs, Photograph
from liangyi.data.pictures.resize import reduced
from liangyi.nets.upscaling import bicubic


@pytest.fixture
def photos(tmp_path):
    """Return a folder of photographs of several sizes, one too small, one broken, one grey."""
    dice = np.random.default_rng(0)
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        for number, shape in enumerate([(60, 41, 3), (33, 90, 3), (24, 24)]):
            pixels = dice.integers(0, 255, shape, np.uint8)
            Image.fromarray(pixels).save(tmp_path / split / f"{number}.png")
    Image.fromarray(dice.integers(0, 255, (90, 11, 3), np.uint8)).save(tmp_path / "train/thin.png")
    (tmp_path / "train/broken.png").write_bytes(b"no picture")
    return tmp_path


def pairs_of_coordinates(turned: bool, factor: int = 3) -> Pairs:
    """Return patches of a picture whose pixels say where they are, as do those of its copy."""
    y, x = torch.meshgrid(torch.arange(20), torch.arange(30), indexing="ij")
    low = torch.stack([y, x]).byte()
    image = low.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    return Pairs([Photograph("a", image, low)], 4 * factor, factor, turned)


@pytest.mark.parametrize("turned", [False, True])
def test_a_patch_and_its_copy_show_the_same_place(turned):
    # breaks when one is turned otherwise than the other, or cut off the grid of the factor
    pairs, dice = pairs_of_coordinates(turned), torch.Generator().manual_seed(0)
    index = torch.zeros(200, dtype=torch.int64)
    found = pairs.take(index, lambda k: torch.rand(200, k, generator=dice))
    assert found[""].shape == (200, 2, 12, 12) and found["low"].shape == (200, 2, 4, 4)
    assert torch.equal(found[""][:, :, 1::3, 1::3], found["low"])
    # every place is reached, both ends included
    tops = found["low"][:, 0].flatten(1).min(1).values
    assert tops.min() == 0 and tops.max() == 16
    upright = (found["low"][:, 0, 0, 0] == tops) & (
        found["low"][:, 1, 0, 1] > found["low"][:, 1, 0, 0]
    )
    assert upright.float().mean() == 1 if not turned else 0.05 < upright.float().mean() < 0.3


def test_photographs_count_by_their_area():
    large, small = torch.zeros(3, 40, 40).byte(), torch.zeros(3, 21, 10).byte()
    photographs = [Photograph(n, p, reduced(p, 2)) for n, p in (("a", large), ("b", small))]
    pairs = Pairs(photographs, 10, 2, False)
    assert len(pairs) == 16 + 2 and pairs.ends.tolist() == [16, 18]


def test_the_copy_is_made_of_the_whole_photograph(photos):
    source = choose("patches", photographs=str(photos), size=12, factor=2, turned=False)
    whole = source.whole("train")
    # sides are cut to multiples of the factor; the thin one is no patch, the broken one no picture
    assert [tuple(p.image.shape) for p in whole] == [(3, 60, 40), (3, 32, 90), (3, 24, 24)]
    lines = source.findings()
    assert "3 photographs" in lines[0] and "11x90 is smaller than 12" in " ".join(lines)
    assert any("broken.png is left out" in line for line in lines)
    data = source.split("train")
    batch = data.batch(Enlarged, torch.tensor([0]), value_range=(0, 255))
    places = whole[0].low.unfold(1, 6, 1).unfold(2, 6, 1)
    same = (places == batch.low[0].byte()[:, None, None]).flatten(3).all(3).all(0)
    assert same.sum() == 1
    y, x = same.nonzero()[0].tolist()
    assert torch.equal(
        whole[0].image[:, 2 * y : 2 * y + 12, 2 * x : 2 * x + 12], batch.image[0].byte()
    )


def test_batches_are_a_function_of_seed_and_number(photos):
    source = choose("patches", photographs=str(photos), size=12, factor=2)
    first, again = (Batches(source.split("train"), Enlarged, 8, 3, "cpu") for _ in range(2))
    assert all(map(torch.equal, first.batch(5), again.batch(5)))
    assert not torch.equal(first.batch(5).image, first.batch(6).image)
    halves = [
        Batches(source.split("train"), Enlarged, 8, 3, "cpu", rank=rank, world=2).batch(5)
        for rank in (0, 1)
    ]
    joined = (torch.cat(parts) for parts in zip(*halves, strict=True))
    assert all(map(torch.equal, joined, first.batch(5)))


def test_held_out_patches_are_the_same_at_every_look_and_few():
    held_out = choose("patches", size=16, factor=2).split("test")
    assert len(held_out) == 256
    one, other = (held_out.some(30, Enlarged) for _ in range(2))
    assert torch.equal(one.image, other.image)


def test_the_fingerprint_is_of_content_and_form(photos):
    def name(**settings):
        return choose("patches", photographs=str(photos), **settings).fingerprint("train")

    first = name(size=12, factor=2)
    assert name(size=12, factor=2) == first
    assert len({first, name(size=12, factor=3), name(size=24, factor=2)}) == 3
    (photos / "train/0.png").unlink()
    assert name(size=12, factor=2) != first


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_the_bicubic_filter_is_that_of_pillow(factor):
    # breaks with PyTorch's other kernel (a = -0.75), or without antialiasing; greys, since Pillow
    # cuts off what overshoots between rows and columns, too
    dice = np.random.default_rng(0)
    pixels = dice.integers(70, 180, (24, 36, 3), np.uint8)
    small = Image.fromarray(pixels).resize((36 // factor, 24 // factor), Image.Resampling.BICUBIC)
    ours = reduced(torch.from_numpy(pixels).permute(2, 0, 1), factor)
    away = ours.permute(1, 2, 0).int() - torch.from_numpy(np.asarray(small).copy()).int()
    assert away.abs().max() <= 1
    large = bicubic(ours[None].float(), factor)[0].round().clamp(0, 255).permute(1, 2, 0)
    theirs = Image.fromarray(ours.permute(1, 2, 0).contiguous().numpy())
    theirs = theirs.resize((36, 24), Image.Resampling.BICUBIC)
    assert (large - torch.from_numpy(np.asarray(theirs).copy())).abs().max() <= 2


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"size": 50, "factor": 4}, "50 is no multiple of the factor 4, two or more; try size=48"),
        ({"size": 4, "factor": 4}, "try size=8"),
        ({"photographs": "nowhere"}, "nowhere"),
        ({"photographs": ""}, "photographs is empty"),
    ],
)
def test_mistakes_are_told(settings, told, photos, monkeypatch):
    monkeypatch.chdir(photos)
    with pytest.raises(UserError, match=told):
        choose("patches", **settings).split("train")


def test_photographs_that_are_all_too_small_are_told(photos):
    with pytest.raises(UserError, match=r"no photograph to learn from: .*smaller than 96"):
        choose("patches", photographs=str(photos)).split("train")


def test_photographs_that_fill_the_memory_are_told(photos, monkeypatch):
    from liangyi.core import capacity

    monkeypatch.setattr(capacity, "free", lambda: 1000)
    with pytest.raises(UserError, match=r"3 photographs of 0\.0 megapixels would take"):
        choose("patches", photographs=str(photos), size=12, factor=2).split("train")
