"""Noisy and clean photographs: the planted law, and a user's own, with pairs and without."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from liangyi import data
from liangyi.core import draw
from liangyi.core.errors import UserError
from liangyi.data.pictures.noisy import Paired, Unpaired, patches, shares
from liangyi.metrics import noise


def write(path, number):
    """Write a picture of noise of its own, 40 x 24."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dice = draw.generator(number, "pictures of a test")
    pixels = (torch.rand(24, 40, 3, generator=dice) * 255).byte().numpy()
    Image.fromarray(pixels).save(path)


def test_the_planted_law_is_the_one_that_is_told():
    # breaks when the kernel has no unit energy, or the variance is a deviation
    source = data.choose("planted-noise", a=9.0, b=0.5, blur=0.8)
    assert float(source.kernel().square().sum()) == pytest.approx(1)
    flat = torch.full((1, 300, 300), 100, dtype=torch.uint8)
    noised = source.noised(flat, draw.generator(0, "test"))
    found = noise.law((noised.float() - 100)[None], flat.float()[None])
    assert float(found.deviation**2) == pytest.approx(9 + 50 + 1 / 12, rel=0.05)
    wanted = [source.correlation(*lag) for lag in noise.LAGS]
    assert found.correlation.tolist() == pytest.approx(wanted, abs=0.03)
    assert data.choose("planted-noise", blur=0.0).correlation(0, 1) == 0


def test_noisy_and_clean_are_other_photographs_and_noised_are_the_clean_ones():
    source = data.choose("planted-noise", a=0.0, b=0.0)  # nothing is added
    train, test = source.split("train"), source.split("test")
    assert train.spec.serves(Unpaired) and train.spec.serves(Paired)
    columns = train.columns
    assert torch.equal(columns["clean"], columns["noised"])
    known = {patch.numpy().tobytes() for patch in columns["clean"]}
    assert not known & {patch.numpy().tobytes() for patch in columns["noisy"]}
    held = {patch.numpy().tobytes() for patch in test.columns["clean"]}
    assert not held & known and torch.equal(test.columns["noisy"], test.columns["noised"])


def test_two_folders_of_unequal_length_are_no_pairs(tmp_path):
    for number in range(8):
        write(tmp_path / "noisy" / f"a{number}.png", number)
    for number in range(5):
        write(tmp_path / "clean" / f"b{number}.png", 100 + number)
    source = data.choose(str(tmp_path), side=8)
    train, test = source.split("train"), source.split("test")
    assert train.tables == [6 * 15, 4 * 15] and test.tables == [2 * 15, 15]
    assert train.spec.serves(Unpaired) and not train.spec.serves(Paired)
    assert source.findings() == ["8 noisy photographs and 5 clean ones, no pairs"]
    assert len(train.rows(0, 0, 80, slice(None))["clean"]) == 80  # a pass over the first


def test_parts_of_one_scene_stay_together(tmp_path):
    for number in range(8):
        for part in (1, 2):
            write(tmp_path / f"scene{number}_{part}_real.JPG", number)
            write(tmp_path / f"scene{number}_{part}_mean.JPG", number)
    source = data.choose(str(tmp_path), side=8)
    said = "16 pairs: 6 serve as noisy photographs, 6 as clean ones, 4 are held out"
    assert source.findings() == [said]
    train = source.split("train")
    assert train.spec.serves(Paired) and len(train.columns["clean"]) == 6 * 15
    chosen = shares([str(number // 2) for number in range(16)])
    for some in chosen:
        assert {number // 2 * 2 for number in some} <= set(some)


def test_patches_tile_a_photograph():
    photograph = torch.arange(3 * 20 * 30).view(3, 20, 30)
    found = patches(photograph, 10)
    assert found.shape == (6, 3, 10, 10) and torch.equal(found[4], photograph[:, 10:, 10:20])


def test_what_cannot_be_served_is_told(tmp_path):
    write(tmp_path / "noisy" / "a.png", 0)
    write(tmp_path / "clean" / "a.png", 0)
    with pytest.raises(UserError, match="1 noisy photograph; 4 of each"):
        data.choose(str(tmp_path)).spec()
    for number in range(4):
        write(tmp_path / "noisy" / f"{number}.png", number)
        write(tmp_path / "clean" / f"{number}.png", number)
    with pytest.raises(UserError, match="no noisy photograph has 32 pixels a side"):
        data.choose(str(tmp_path)).split("train")


def pairs(folder, names, height=24):
    """Write pairs of 40 x 24, the noisy ones as high as said."""
    for number, name in enumerate(names):
        write(folder / "clean" / f"{name}.png", number)
        with Image.open(folder / "clean" / f"{name}.png") as clean:
            (folder / "noisy").mkdir(exist_ok=True)
            clean.crop((0, 0, 40, height)).save(folder / "noisy" / f"{name}.png")


@pytest.mark.parametrize("split", ["train", "test"])
def test_pairs_of_unequal_size_are_none(split, tmp_path):
    # breaks when patches of other places, or of other photographs, count as pairs
    pairs(tmp_path, "abcdefgh", height=16)
    told = r"is no pair: the noisy photograph has 40 x 16 pixels, the clean one 40 x 24"
    with pytest.raises(UserError, match=told):
        data.choose(str(tmp_path), side=8).split(split)


def test_pairs_of_too_few_scenes_are_told(tmp_path):
    # breaks when nothing is left for one of the three parts, and the size is blamed
    pairs(tmp_path, ["a_1", "a_2", "a_3", "b_1", "c_1"])
    with pytest.raises(UserError, match="pairs of 3 scenes; 4 are the least"):
        data.choose(str(tmp_path), side=8).split("train")


def test_too_few_photographs_to_plant_noise_on_are_told(tmp_path):
    for number in range(3):
        write(tmp_path / "train" / f"{number}.png", number)
    source = data.choose("planted-noise", photographs=str(tmp_path / "train"), side=8)
    with pytest.raises(UserError, match="has 3 photographs; 4 are the least") as caught:
        source.split("train")
    assert caught.value.setting == "photographs"
    write(tmp_path / "test" / "one.png", 9)  # those to learn from need no held-out part now
    source = data.choose("planted-noise", photographs=str(tmp_path), side=8)
    assert len(source.split("train")) and len(source.split("test"))
