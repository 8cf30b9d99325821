"""Coloured digits: pictures show what their captions say, and some combinations are held out."""

from __future__ import annotations

from collections import namedtuple

import pytest
import torch

from liangyi import fields
from liangyi.data import choose
from liangyi.data.pictures.captioned_digits import (
    ATTRIBUTES,
    COLOURS,
    HELD_OUT,
    OMITTED,
    PLACES,
    learned,
    sentence,
)

Shown = namedtuple("Shown", ("image", "caption", *ATTRIBUTES))


@pytest.fixture(scope="module")
def source():
    return choose("captioned-digits", of="digits", pictures=3000)


def shown(source, split, count=500):
    return source.split(split).some(count, Shown, value_range=(0.0, 255.0))


def test_colour_size_and_place_are_those_of_the_picture(source):
    batch = shown(source, "train")
    inks = torch.tensor(list(COLOURS.values())).float()
    for image, colour, size, place in zip(
        batch.image, batch.colour, batch.size, batch.place, strict=True
    ):
        ink = image.flatten(1).amax(1)
        nearest = (ink / ink.max() - inks / inks.amax(1, keepdim=True)).norm(dim=1).argmin()
        assert nearest == colour
        rows, columns = image.amax(0).nonzero().unbind(1)
        height = int(rows.max() - rows.min()) + 1
        assert height <= 12 if size == 0 else height > 12
        middle = (rows.min() + rows.max()).item() / 2, (columns.min() + columns.max()).item() / 2
        words = PLACES[place].split()
        assert words == ["top" if middle[0] < 15.5 else "bottom",
                         "left" if middle[1] < 15.5 else "right"]  # fmt: skip


def test_held_out_captions_say_everything_and_training_captions_leave_some_out(source):
    field = source.spec()["caption"]
    test = shown(source, "test")
    wanted = [
        sentence(*row)
        for row in zip(*(c.tolist() for c in (test.label, test.colour, test.size, test.place)),
                       strict=True)
    ]  # fmt: skip
    assert fields.lines(field, test.caption) == wanted
    train = shown(source, "train", 2500)
    lines = fields.lines(field, train.caption)
    named = {
        name: [any(word in line.split() for word in ATTRIBUTES[name]) for line in lines]
        for name in ("colour", "size")
    }
    named["place"] = ["at the" in line for line in lines]
    for said in named.values():
        assert sum(said) / len(said) == pytest.approx(1 - OMITTED, abs=0.03)
    for name, said in named.items():
        if name != "place":
            for line, number, there in zip(lines, getattr(train, name), said, strict=True):
                assert not there or ATTRIBUTES[name][number] in line.split()


def test_no_held_out_combination_is_learned_from_and_every_word_is(source):
    train, test = (shown(source, split, 3000) for split in ("train", "test"))
    assert not source.strata(train._asdict())["unseen"].any()
    share = source.strata(test._asdict())["unseen"].float().mean()
    assert float(share) == pytest.approx(HELD_OUT / 40, abs=0.06)
    for row in learned():
        look = torch.stack(torch.unravel_index(row, (5, 2, 4)))
        assert len(row.unique()) == 32
        assert [len(part.unique()) for part in look] == [5, 2, 4]
    assert source.strata({"caption": test.caption}) == {}


def test_an_item_is_a_function_of_its_number(source):
    again = choose("captioned-digits", of="digits", pictures=3000)
    one, other = shown(source, "train", 40), shown(again, "train", 40)
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    sources = [choose("captioned-digits", of="digits", pictures=600, size=n) for n in (28, 32)]
    fingerprints = {one.split(split).fingerprint for one in sources for split in ("train", "test")}
    assert len(fingerprints) == 4


@pytest.mark.parametrize("words", ["a small red seven at the top left", "an eight", "a red eight"])
def test_captions_are_typed_as_they_are_written(source, words):
    field = source.spec()["caption"]
    assert fields.lines(field, fields.typed(field, [words])) == [words]


def test_sentences_begin_as_they_should():
    assert sentence(8, -1, -1, -1) == "an eight"
    assert sentence(8, 0, -1, 3) == "a red eight at the bottom right"
    assert sentence(7, 0, 0, 0) == "a small red seven at the top left"
