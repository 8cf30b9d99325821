"""Stacked MNIST: what is in each channel."""

from __future__ import annotations

import pytest
import torch

from liangyi.core.batch import Images
from liangyi.core.spec import Pixels, Spec
from liangyi.data import choose
from liangyi.data.pictures.mnist import MNIST
from liangyi.data.pictures.stacked_mnist import TRAIN

DIGITS = torch.randint(256, (20, 1, 8, 8), generator=torch.Generator().manual_seed(0)).byte()


@pytest.fixture(autouse=True)
def _digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put small pictures in the place of MNIST's."""
    monkeypatch.setattr(MNIST, "items", lambda self, split: {"image": DIGITS})


def test_each_channel_is_one_of_the_digits():
    found = choose("stacked-mnist", size=8).split()
    assert len(found) == TRAIN and found.spec == Spec("image", image=Pixels(3, 8, 8))
    index = torch.tensor([5, TRAIN - 1])
    (image,) = found.batch(Images, index, value_range=(0, 255))
    for row, triple in zip(image, found.columns["image"].triple[index], strict=True):
        for channel, digit in zip(row, triple, strict=True):
            assert torch.equal(channel, DIGITS[digit, 0].float())


def test_the_same_triples_come_each_time_and_others_in_the_test_split():
    first, second = (choose("stacked-mnist").split() for _ in range(2))
    triples = first.columns["image"].triple
    assert torch.equal(triples, second.columns["image"].triple)
    other = choose("stacked-mnist").split("test")
    assert not torch.equal(triples[: len(other)], other.columns["image"].triple)
    assert other.fingerprint != first.fingerprint == second.fingerprint


def test_without_a_size_they_are_as_large_as_mnist():
    source = choose("stacked-mnist", grey=True)  # three grey digits are a picture in colour
    assert source.spec() == Spec("image", image=Pixels(3, 28, 28))
