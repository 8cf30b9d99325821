"""Stacked digits and turned pictures: what is in each channel, and what each label means."""

from __future__ import annotations

import torch

from liangyi.core.batch import Images, Labelled, Spec
from liangyi.data.dataset import Dataset
from liangyi.data.stacked import TRAIN, stacked
from liangyi.data.turned import FLIPS, TURNS, Turned


def some(height: int = 8, width: int = 8) -> Dataset:
    image = torch.randint(256, (20, 1, height, width), generator=torch.Generator().manual_seed(0))
    return Dataset(Spec(kind="Images", shape=(1, height, width)), {"image": image.to(torch.uint8)})


def test_each_channel_is_one_of_the_digits():
    digits = some()
    found = stacked(digits, "train")
    assert len(found) == TRAIN and found.spec.shape == (3, 8, 8)
    index = torch.tensor([5, TRAIN - 1])
    (image,) = found.batch(Images, index, image_range=(0, 255))
    for row, triple in zip(image, found.columns["triple"][index], strict=True):
        for channel, digit in zip(row, triple, strict=True):
            assert torch.equal(channel, digits.columns["image"][digit, 0].float())


def test_the_same_triples_come_each_time_and_others_in_the_test_split():
    digits = some()
    first, second = (stacked(digits, "train").columns["triple"] for _ in range(2))
    assert torch.equal(first, second)
    other = stacked(digits, "test")
    assert not torch.equal(first[: len(other)], other.columns["triple"])
    assert other.fingerprint != stacked(digits, "train").fingerprint


def test_the_label_says_how_a_picture_was_turned():
    data = some()
    turned = Turned(data)
    assert len(turned) == 80 and turned.spec.classes == TURNS
    batch = turned.batch(Labelled, torch.tensor([4, 5, 6, 7]))
    (upright,) = data.batch(Images, torch.tensor([1]))
    assert batch.label.tolist() == [0, 1, 2, 3]
    for image, label in zip(batch.image, batch.label, strict=True):
        assert torch.equal(image, upright[0].rot90(int(label), (1, 2)))


def test_what_is_no_square_is_flipped():
    turned = Turned(some(8, 6))
    assert turned.spec.classes == FLIPS
    image = turned.batch(Labelled, torch.tensor([0, 1, 2, 3])).image
    assert torch.equal(image[3], image[0].flip((1, 2)))
    assert torch.equal(image[1], image[0].flip(2)) and torch.equal(image[2], image[0].flip(1))
