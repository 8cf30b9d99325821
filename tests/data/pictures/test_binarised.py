"""Black and white pictures: by a threshold, drawn once, drawn at each look."""

from __future__ import annotations

import pytest
import torch

from liangyi.core.batch import Images
from liangyi.core.errors import UserError
from liangyi.data import choose
from liangyi.data.columns import Column
from liangyi.data.dataset import Dataset


def split(name: str = "digits", part: str = "train", **settings) -> Dataset:
    found = choose(name, **settings).split(part)
    assert isinstance(found, Dataset)
    return found


def shown(data: Dataset, number: int, count: int = 1500) -> torch.Tensor:
    """Return the pictures of a training batch, in the order of the data."""
    rows = data.rows(0, number, count, slice(None))
    return rows["image"]


def test_a_threshold_is_rounding():
    grey, found = split().columns["image"], split(binarise="threshold").columns["image"]
    assert torch.equal(found, (grey.float() / 255).round().mul(255).to(torch.uint8))


@pytest.mark.parametrize("how", ["threshold", "fixed", "random"])
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_model_sees_black_and_white_alone(how, part):
    # breaks when only training batches are binarised: scores and the doctor would look at grey
    data = split(part=part, binarise=how)
    seen = data.batch(Images, data.subset(100), value_range=(0.0, 1.0)).image
    assert seen.unique().tolist() == [0, 1]
    assert shown(data, 0, 200).unique().tolist() == [0, 255]


@pytest.mark.parametrize("how", ["fixed", "random"])
def test_a_pixel_is_white_with_its_brightness_as_chance(how):
    grey = split().batch(Images, torch.arange(1500), value_range=(0.0, 1.0)).image
    found = split(binarise=how).batch(Images, torch.arange(1500), value_range=(0.0, 1.0)).image
    for low, high in ((0.0, 0.0), (0.2, 0.4), (0.6, 0.8), (1.0, 1.0)):
        where = (grey >= low) & (grey <= high)
        chance, share = float(grey[where].mean()), float(found[where].mean())
        away = 4 * (chance * (1 - chance) / float(where.sum())) ** 0.5
        assert share == pytest.approx(chance, abs=away + 1e-6)


def test_drawn_once_stays_and_drawn_at_each_look_does_not():
    # the second pass shows every picture a second time
    for how, same in (("threshold", True), ("fixed", True), ("random", False)):
        data = split(binarise=how)
        first = data.gathered([torch.arange(1500)], dice(0))["image"]
        second = data.gathered([torch.arange(1500)], dice(1))["image"]
        assert torch.equal(first, second) == same, how
        assert torch.equal(shown(data, 3, 50), shown(split(binarise=how), 3, 50))  # (seed, batch)


def dice(seed: int):
    generator = torch.Generator().manual_seed(seed)
    return lambda width: torch.rand(1500, width, generator=generator)


def test_held_out_pictures_are_drawn_once_and_not_as_the_training_ones():
    one, other = split(part="test", binarise="random"), split(part="test", binarise="fixed")
    image = one.columns["image"]
    assert torch.equal(image, other.columns["image"]) and isinstance(image, torch.Tensor)


def test_runs_can_tell_the_ways_apart():
    names = {split(binarise=how).fingerprint for how in ("none", "threshold", "fixed", "random")}
    assert len(names) == 4


def test_pictures_that_are_put_together_are_binarised_too():
    # breaks when only tensors are: stacked digits are made when they are asked for
    class Halves:
        def __len__(self) -> int:
            return 1500

        def take(self, index, dice):
            return {"": torch.full((len(index), 1, 8, 8), 128, dtype=torch.uint8)}

        def to(self, device):
            return self

        def parts(self):
            return ()

    from liangyi.data.pictures.binarised import binarised

    column: Column = Halves()
    grey = Dataset(split().spec, {**split().columns, "image": column})
    for how in ("threshold", "fixed", "random"):
        found = binarised(grey, how, "train").gathered([torch.arange(1500)], dice(0))["image"]
        share = float((found == 255).float().mean())
        assert share == (1 if how == "threshold" else pytest.approx(128 / 255, abs=0.01))


def test_crops_would_be_grey_again():
    with pytest.raises(UserError) as told:
        split(binarise="fixed", crop=0.8)
    assert told.value.setting == "crop"
    assert shown(split(binarise="fixed", mirror=True), 0, 50).unique().tolist() == [0, 255]
