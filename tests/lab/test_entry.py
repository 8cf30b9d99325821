"""What people type for one row of a bench: read as meant, or refused before anything is trained."""

from __future__ import annotations

import itertools
import re

import pytest

from liangyi.core.errors import UserError
from liangyi.lab.entry import parse


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("gan", {}),
        ("gan:pack=2", {"pack": 2}),
        ("gan:learning-rate=1e-3,steps=20", {"learning_rate": 1e-3, "steps": 20}),
        ("gan:learning_rate=1e+3", {"learning_rate": 1e3}),  # no tuple of "1e" and 3
        ("gan:generator_widths=16+8,betas=0.0+0.9", {"generator_widths": (16, 8),
                                                     "betas": (0.0, 0.9)}),
        ("gan:generator_widths=16+", {"generator_widths": (16,)}),  # a tuple of one
        ("gan:grey=yes,compile=off", {"grey": True, "compile": "off"}),
        ("gan:precision=float32", {"precision": "float32"}),
        ("gan:size=null", {"size": None}),
        ("gan: pack = 2 , precision = float32", {"pack": 2, "precision": "float32"}),
    ],
)  # fmt: skip
def test_settings_are_read_as_they_are_meant(name, settings):
    entry = parse(name)
    assert (entry.name, entry.model) == (name, "gan")
    assert entry.settings == settings
    for field, value in settings.items():
        assert type(entry.settings[field]) is type(value)  # 1 is no True


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("gna", "unknown model 'gna'; did you mean gan"),
        ("", "unknown model ''"),
        ("gan:pack", "gan:pack: 'pack' has no value; write gan:setting=value"),
        ("gan:pack=2,", "'' has no value"),
        ("gan:pakc=2", "gan:pakc=2: unknown setting 'pakc'; did you mean pack or patience?"),
        ("gan:=2", "unknown setting ''"),
        ("gan:pack=0", "gan:pack=0: pack = 0: input should be greater than or equal to 1"),
        ("gan:pack=null", "pack = null: input should be a valid integer"),  # it is multiplied
        ("gan:pack=x", 'pack = "x": input should be a valid integer'),
        ("gan:latent=NaN", "latent = NaN: input should be"),
        ("gan:generator_widths=16+0", "generator_widths = 0: input should be greater"),
        ("gan:generator_widths=16+x", 'generator_widths = "16+x"'),
        ("gan:dropout=1.5", "dropout = 1.5: input should be less than 1"),
        ("gan:batch_size=0", "batch_size = 0: input should be greater"),
        # these would train on other data, or thrice with the same seed, under the bench's heading
        ("gan:data=grid", "all models of a bench share its data; leave data out"),
        ("gan:seed=3", "all models of a bench share its seed; leave seed out"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_trained(name, wanted):
    with pytest.raises(UserError) as caught:
        parse(name)
    assert wanted in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_folders_are_safe_and_no_two_entries_share_one():
    # two entries in one folder: the second would be "finished" with the first one's figures
    names = [
        "gan",
        "gan:pack=2",
        "gan:pack=3",
        "gan:pack=2,latent=4",
        "gan:betas=0.0+0.9",
        "gan:betas=0.5+0.9",
        "gan:learning_rate=1e-3",
        "gan:learning_rate=1e3",
        "gan:device=cuda:1",
        "gan:device=cuda-1",
        "acgan:data_root=/a/b",
        "acgan:data_root=/a-b",
        "acgan:data_root=../../..",
        "acgan:data_root=..",
        "acgan:data_root=a-size-8",
        "acgan:data_root=a,size=8",
        "dcgan",
    ]
    folders = [parse(name).folder for name in names]
    for folder in folders:
        assert re.fullmatch(r"[a-z][\w.+-]*", folder), folder
    for (one, first), (two, second) in itertools.combinations(zip(names, folders, strict=True), 2):
        assert first != second, (one, two)


def test_usual_folders_can_be_read_and_stay():
    # a bench that was begun must find its trainings again
    assert parse("gan:pack=2").folder == "gan-pack-2"
    assert parse("dcgan-mnist:depth=64,width=16").folder == "dcgan-mnist-depth-64-width-16"
    assert parse("gan: pack = 2").folder == "gan-pack-2"
