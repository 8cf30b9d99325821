"""Some classes of a data set, numbered anew, and few pictures of each."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from liangyi import data
from liangyi.core.batch import Labelled
from liangyi.core.errors import UserError


def test_other_classes_are_gone_and_the_rest_is_numbered_anew():
    source = data.choose("digits", classes=("7", "3"))
    assert source.spec().classes == ("3", "7")  # in the order of the data
    whole, some = data.choose("digits").split(), source.split()
    there = (whole.columns["label"] == 3) | (whole.columns["label"] == 7)
    assert len(some) == int(there.sum()) and some.spec == source.spec()
    assert torch.equal(some.columns["image"], whole.columns["image"][there])
    assert torch.equal(some.columns["label"], (whole.columns["label"][there] == 7).long())
    held_out = source.split("test")
    assert held_out.spec.classes == ("3", "7") and set(held_out.columns["label"].tolist()) == {0, 1}


def test_few_of_each_are_learned_from_and_all_are_held_out():
    source = data.choose("digits", per_class=4)
    counts = source.split().columns["label"].bincount()
    assert counts.tolist() == [4] * 10
    assert len(source.split("test")) == len(data.choose("digits").split("test"))
    # more of each are these and others
    few, more = (data.choose("digits", per_class=n).split().columns["image"] for n in (4, 6))
    known = {tuple(one.flatten().tolist()) for one in more}
    assert all(tuple(one.flatten().tolist()) in known for one in few)


def test_content_has_another_name():
    names = {
        data.choose("digits", **settings).split().fingerprint
        for settings in ({}, {"classes": ("1", "2")}, {"classes": ("1",)}, {"per_class": 5})
    }
    assert len(names) == 4


def test_a_folders_classes_by_name_and_pictures_are_still_varied(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("cat", "dog", "owl"):
        (tmp_path / name).mkdir()
        for number in range(6):
            pixels = rng.integers(0, 255, (9, 9, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    source = data.choose(str(tmp_path), classes=("owl", "0"), mirror=True)
    assert source.spec().classes == ("cat", "owl") and len(source.split()) == 12
    plain = data.choose(str(tmp_path), classes=("owl", "0"))
    rows = [
        data.Batches(one.split(), Labelled, 12, 0, "cpu").batch(0).image for one in (source, plain)
    ]
    assert not torch.equal(*rows)


@pytest.mark.parametrize(
    ("name", "settings", "line"),
    [
        ("digits", {"classes": ("eleven",)}, "there is no class eleven"),
        ("digits", {"classes": ("12",)}, "there is no class 12"),
        ("stacked-mnist", {"classes": ("1",)}, "this data has no classes"),
    ],
)
def test_mistakes_name_the_setting(name, settings, line):
    with pytest.raises(UserError, match=line) as told:
        data.choose(name, **settings).spec()
    assert told.value.setting == "classes"


def test_few_of_each_class_of_data_without_classes_is_told(tmp_path):
    # breaks when the setting that is named is not the one that was typed
    for number in range(3):
        Image.fromarray(np.full((9, 9, 3), number, np.uint8)).save(tmp_path / f"{number}.png")
    with pytest.raises(UserError, match="this data has no classes") as caught:
        data.choose(str(tmp_path), per_class=2).split()
    assert caught.value.setting == "per_class"
