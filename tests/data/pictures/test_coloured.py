"""Grey pictures, served to a model of colour ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from liangyi import data
from liangyi.core.batch import Labelled
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels

SAID = "grey pictures, taken as equal colours"


@pytest.mark.parametrize("more", [{}, {"classes": ("3", "7"), "binarise": "fixed", "crop": 1.0}])
def test_grey_pictures_are_three_equal_channels(more: dict[str, object]) -> None:
    grey, found = (data.choose("digits", colour=on, **more) for on in (False, True))
    assert found.spec()["image"] == Pixels(3, 8, 8)
    one, other = grey.split(), found.split()
    assert one is not None and other is not None and other.spec == found.spec()
    assert one.fingerprint != other.fingerprint  # an evaluator of one cannot look at the other
    small, large = (part.some(5, Labelled).image for part in (one, other))
    assert torch.equal(large, small.expand(-1, 3, -1, -1))
    assert grey.findings() == [] and found.findings() == [SAID]


def test_colour_pictures_are_what_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))
    for name, colour in (("a", "red"), ("b", "green")):
        (tmp_path / "own" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), colour).save(tmp_path / "own" / name / "0.png")
    plain, found = (data.choose(str(tmp_path / "own"), colour=on) for on in (False, True))
    assert found.spec() == plain.spec() and SAID not in found.findings()
    one, other = plain.split(), found.split()
    assert one is not None and other is not None and one.fingerprint == other.fingerprint


def test_what_cannot_be_both_is_one_line() -> None:
    with pytest.raises(UserError, match="grey or in colour; leave one out"):
        data.choose("digits", colour=True, grey=True).split()
    with pytest.raises(UserError, match="leave colour out"):
        data.choose("digits", colour=True, binarise="random").split()
