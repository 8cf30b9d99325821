"""Labels: one class of several, in words wherever people see them."""

from __future__ import annotations

import math

import torch

from liangyi import fields
from liangyi.core.spec import Label

PETS = Label(("cat", "dog", "newt"))


def test_labels_are_stored_as_they_are() -> None:
    label = torch.tensor([2, 0])
    assert fields.scaled(PETS, label, (-1, 1)) is label
    assert torch.equal(fields.stored(PETS, label, (-1, 1)), label)


def test_examples_have_every_class_and_are_inside() -> None:
    example = fields.example(PETS, 5, torch.device("cpu"))
    assert example.tolist() == [0, 1, 2, 0, 1] and fields.inside(PETS, example, (-1, 1))
    for wrong in ([3], [-1], [0.5]):
        assert not fields.inside(PETS, torch.tensor(wrong), (-1, 1))
    assert not fields.continuous(PETS)


def test_all_classes_are_equally_far_from_each_other() -> None:
    # breaks when newts are taken to be farther from cats than dogs are
    every = torch.arange(3)
    wanted = math.sqrt(2) * (1 - torch.eye(3))
    torch.testing.assert_close(fields.distances(PETS, every, every), wanted)


def test_lines_are_names() -> None:
    assert fields.lines(PETS, torch.tensor([1, 2])) == ["dog", "newt"]
    picture = fields.sheet(PETS, torch.tensor([1, 2]), (-1, 1))
    captioned = fields.sheet(PETS, torch.tensor([1, 2]), (-1, 1), None, ["first", "second"])
    assert captioned.width > picture.width and captioned.height == picture.height
