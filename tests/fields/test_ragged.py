"""Lists of unequal length: what they are lists of decides what their values mean."""

from __future__ import annotations

import torch

from liangyi import fields
from liangyi.core.spec import Pixels, Ragged, Vector, Words

CPU = torch.device("cpu")


def test_pictures_in_a_list_are_scaled_and_stored_as_pictures() -> None:
    album = Ragged(Pixels(1, 2, 2), 3)
    stored = torch.randint(256, (4, 3, 1, 2, 2), generator=torch.Generator().manual_seed(0)).byte()
    seen = fields.scaled(album, stored, (-1, 1))
    assert seen.dtype == torch.float32 and float(seen.min()) >= -1
    assert torch.equal(fields.stored(album, seen, (-1, 1)), stored)
    assert fields.inside(album, seen, (-1, 1)) and not fields.inside(album, seen * 2, (-1, 1))


def test_examples_are_padded_lists_of_the_inner_kind() -> None:
    text = Ragged(Words(5, 9), 4)
    example = fields.example(text, 2, CPU)
    assert example.shape == (2, *text.shape) == (2, 4, 5) and example.dtype == torch.int64
    assert fields.inside(text, example, (-1, 1))
    assert not fields.inside(text, example + 9, (-1, 1))
    assert not fields.inside(text, torch.zeros(2, 5, 5).long(), (-1, 1))  # longer than the longest
    assert fields.inside(text, example[:, :2], (-1, 1))  # shorter will do
    assert not fields.continuous(text) and fields.continuous(Ragged(Vector(2), 3))


def test_lists_have_lines_and_a_sheet() -> None:
    path = Ragged(Vector(2), 2)
    items = torch.tensor([[[0.5, 1.0], [0.0, 0.0]]])
    assert fields.lines(path, items) == ["0.5 1 0 0"]
    assert fields.sheet(path, items, (-1, 1), None, ["first"]).width > 0
    other = torch.tensor([[[0.5, 1.0], [3.0, 4.0]]])
    assert float(fields.distances(path, items, other)) == 5
