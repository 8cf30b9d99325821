"""Turned pictures: the same items however they are asked for, and none of the data's own labels.

What each label means stands in test_stacked.py.
"""

from __future__ import annotations

import pytest
import torch

from liangyi.core.batch import Images, Labelled, Spec
from liangyi.data.dataset import Batches, Dataset
from liangyi.data.stacked import stacked
from liangyi.data.turned import FLIPS, TURNS, Turned


def some(count: int = 6, height: int = 8, width: int = 8, seed: int = 0) -> Dataset:
    dice = torch.Generator().manual_seed(seed)
    image = torch.randint(256, (count, 3, height, width), generator=dice).to(torch.uint8)
    label = torch.full((count,), 7)
    spec = Spec(kind="Labelled", shape=(3, height, width), classes=tuple("0123456789"))
    return Dataset(spec, {"image": image, "label": label})


@pytest.mark.parametrize(("width", "names"), [(8, TURNS), (6, FLIPS)])
def test_the_data_s_own_labels_are_left_out(width, names):
    # breaks when the judge of "turned" data is told the classes after all
    turned = Turned(some(width=width))
    assert turned.spec == Spec(kind="Labelled", shape=(3, 8, width), classes=names)
    batch = turned.batch(Labelled, torch.arange(len(turned)))
    assert batch.label.tolist() == [0, 1, 2, 3] * 6


@pytest.mark.parametrize("width", [8, 6])
def test_items_do_not_depend_on_who_else_is_asked_for(width):
    # breaks when turns within a batch are mixed up
    turned = Turned(some(width=width))
    whole = turned.batch(Labelled, torch.arange(24))
    order = torch.randperm(24, generator=torch.Generator().manual_seed(1))
    mixed = turned.batch(Labelled, order)
    assert torch.equal(mixed.image, whole.image[order])
    assert torch.equal(mixed.label, whole.label[order])
    alone = turned.batch(Labelled, torch.tensor([13]))
    assert torch.equal(alone.image, whole.image[13:14]) and alone.label.tolist() == [1]


@pytest.mark.parametrize("width", [8, 6])
def test_the_four_positions_are_four_pictures_of_the_same_pixels(width):
    # breaks when a turn is its own neighbour: the pupil could not tell them apart
    turned = Turned(some(1, width=width))
    (image,) = turned.batch(Images, torch.arange(4))
    assert len(image.unique(dim=0)) == 4
    values = image.flatten(1).sort(1).values
    assert torch.equal(values, values[:1].expand(4, -1))


def test_pictures_come_in_the_range_that_is_wanted():
    turned = Turned(some())
    low = turned.batch(Labelled, torch.arange(24), image_range=(-1.0, 1.0)).image
    high = turned.batch(Labelled, torch.arange(24), image_range=(0.0, 1.0)).image
    assert low.min() >= -1 and low.min() < -0.9 and low.max() > 0.9
    torch.testing.assert_close(low / 2 + 0.5, high)


def test_an_epoch_of_batches_has_every_picture_in_every_position():
    data = some()
    stream = Batches(Turned(data), Labelled, 8)
    assert stream.items == 24
    seen = torch.cat([stream.batch(number).image for number in range(3)])
    assert len(seen.flatten(1).unique(dim=0)) == 24


def test_it_has_a_name_of_its_own_for_each_data():
    # breaks when a judge that learned classes is taken for one that learned turns
    data = some()
    names = [data.fingerprint, Turned(data).fingerprint, Turned(some(seed=1)).fingerprint]
    assert len(set(names)) == 3 and Turned(some()).fingerprint == names[1]


def test_on_a_device_it_is_what_it_was():
    turned = Turned(some())
    moved = turned._like(dict(turned.columns))
    assert len(moved) == len(turned) and moved.fingerprint == turned.fingerprint
    index = torch.arange(24)
    first, second = turned.batch(Labelled, index), moved.batch(Labelled, index)
    assert torch.equal(first.image, second.image) and torch.equal(first.label, second.label)


def test_on_a_device_data_that_put_their_items_together_still_do():
    # stacked MNIST has no column of pictures: a copy that forgot this would end in a KeyError
    digits = some()
    grey = Dataset(Spec(kind="Images", shape=(1, 8, 8)), {"image": digits.columns["image"][:, :1]})
    turned = Turned(stacked(grey, "test"))
    moved = turned._like(dict(turned.columns))
    index = torch.arange(8)
    assert torch.equal(moved.batch(Labelled, index).image, turned.batch(Labelled, index).image)
