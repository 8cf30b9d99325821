"""Rotated pictures: what each label means, the same items however they are asked for, and none of
the data's own labels.
"""

from __future__ import annotations

import pytest
import torch

from liangyi.core.batch import Images, Labelled
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import Batches, Dataset
from liangyi.data.pictures.digits import NAMES
from liangyi.data.pictures.rotated import FLIPS, ROTATIONS, rotated
from liangyi.data.pictures.stacked_mnist import Triples


def some(count: int = 6, height: int = 8, width: int = 8, seed: int = 0) -> Dataset:
    dice = torch.Generator().manual_seed(seed)
    image = torch.randint(256, (count, 3, height, width), generator=dice).to(torch.uint8)
    label = torch.full((count,), 7)
    spec = Spec("image", image=Pixels(3, height, width), label=Label(NAMES))
    return Dataset(spec, {"image": image, "label": label})


@pytest.mark.parametrize(("width", "names"), [(8, ROTATIONS), (6, FLIPS)])
def test_the_data_s_own_labels_are_left_out(width, names):
    # breaks when the evaluator of rotated data is told the classes after all
    turned = rotated(some(width=width))
    assert turned.spec == Spec("image", image=Pixels(3, 8, width), label=Label(names))
    batch = turned.batch(Labelled, torch.arange(len(turned)))
    assert batch.label.tolist() == [0, 1, 2, 3] * 6


@pytest.mark.parametrize("width", [8, 6])
def test_items_do_not_depend_on_who_else_is_asked_for(width):
    # breaks when turns within a batch are mixed up
    turned = rotated(some(width=width))
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
    turned = rotated(some(1, width=width))
    (image,) = turned.batch(Images, torch.arange(4))
    assert len(image.unique(dim=0)) == 4
    values = image.flatten(1).sort(1).values
    assert torch.equal(values, values[:1].expand(4, -1))


def test_pictures_come_in_the_range_that_is_wanted():
    turned = rotated(some())
    low = turned.batch(Labelled, torch.arange(24), value_range=(-1.0, 1.0)).image
    high = turned.batch(Labelled, torch.arange(24), value_range=(0.0, 1.0)).image
    assert low.min() >= -1 and low.min() < -0.9 and low.max() > 0.9
    torch.testing.assert_close(low / 2 + 0.5, high)


def test_an_epoch_of_batches_has_every_picture_in_every_position():
    data = some()
    stream = Batches(rotated(data), Labelled, 8)
    assert stream.items == 24
    seen = torch.cat([stream.batch(number).image for number in range(3)])
    assert len(seen.flatten(1).unique(dim=0)) == 24


def test_it_has_a_name_of_its_own_for_each_data():
    # breaks when an evaluator that learned classes is taken for one that learned rotations
    data = some()
    names = [data.fingerprint, rotated(data).fingerprint, rotated(some(seed=1)).fingerprint]
    assert len(set(names)) == 3 and rotated(some()).fingerprint == names[1]


def test_on_a_device_it_is_what_it_was():
    turned = rotated(some())
    moved = turned.to(torch.device("meta"))
    assert len(moved) == len(turned) and moved.fingerprint == turned.fingerprint
    assert moved.columns["image"].parts()[0].device.type == "meta"
    index, image = torch.arange(24), turned.columns["image"]
    again = image.to(torch.device("cpu"))
    assert torch.equal(again.take(index, None)[""], image.take(index, None)[""])


def test_pictures_that_are_put_together_when_they_are_asked_for_are_rotated_too():
    # stacked MNIST has no tensor of pictures
    digit = some().columns["image"][:, :1]
    triples = Triples(digit, torch.tensor([[0, 1, 2], [3, 4, 5]]))
    turned = rotated(Dataset(Spec("image", image=Pixels(3, 8, 8)), {"image": triples}))
    assert len(turned) == 8
    image = turned.batch(Labelled, torch.arange(8), value_range=(0, 255)).image
    assert torch.equal(image[0], digit[:3, 0].float())
    assert torch.equal(image[5], digit[3:, 0].float().rot90(1, (1, 2)))
    moved = turned.to(torch.device("meta"))
    assert {part.device.type for part in moved.columns["image"].parts()} == {"meta"}


def test_the_label_says_how_a_picture_was_turned():
    data = some(20)
    turned = rotated(data)
    assert len(turned) == 80 and turned.spec.classes == ROTATIONS
    batch = turned.batch(Labelled, torch.tensor([4, 5, 6, 7]))
    (upright,) = data.batch(Images, torch.tensor([1]))
    assert batch.label.tolist() == [0, 1, 2, 3]
    for image, label in zip(batch.image, batch.label, strict=True):
        assert torch.equal(image, upright[0].rot90(int(label), (1, 2)))


def test_what_is_no_square_is_flipped():
    turned = rotated(some(20, 8, 6))
    assert turned.spec.classes == FLIPS
    image = turned.batch(Labelled, torch.tensor([0, 1, 2, 3])).image
    assert torch.equal(image[3], image[0].flip((1, 2)))
    assert torch.equal(image[1], image[0].flip(2)) and torch.equal(image[2], image[0].flip(1))
