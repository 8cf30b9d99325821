"""Pictures at another size: what they show stays, and no memory is filled for it."""

from __future__ import annotations

import pytest
import torch

from liangyi.core import capacity
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import choose
from liangyi.data.pictures import resize
from liangyi.data.pictures.digits import NAMES
from liangyi.data.pictures.resize import resized


def test_pictures_that_no_memory_holds_are_refused_first(monkeypatch: pytest.MonkeyPatch) -> None:
    image = torch.zeros(50, 1, 2, 2).byte()
    monkeypatch.setattr(capacity, "free", lambda: 10**6)  # enough for 50, and not for the work
    with pytest.raises(UserError, match=r"50 pictures of 100 x 100 .* smaller size"):
        resized(image, 100)
    assert resized(image, 10).shape == (50, 1, 10, 10)


def test_resizing_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    image = torch.randint(256, (7, 3, 9, 9), generator=torch.Generator().manual_seed(0)).byte()
    whole = resized(image, 5)
    monkeypatch.setattr(resize, "_PART", 160)  # two pictures
    assert torch.equal(resized(image, 5), whole)


def test_resizing_keeps_what_the_pictures_show() -> None:
    data = choose("digits").split("test")
    larger = choose("digits", size=20).split("test")
    assert larger.spec == Spec("image", image=Pixels(1, 20, 20), label=Label(NAMES))
    assert larger.columns["image"].dtype == torch.uint8
    assert larger.columns["image"].shape == (297, 1, 20, 20)
    assert torch.equal(larger.columns["label"], data.columns["label"])
    assert larger.fingerprint != data.fingerprint
    pictures = data.columns["image"]
    assert resized(pictures, 8) is pictures and resized(pictures, None) is pictures
    mean = [x.columns["image"].float().mean((1, 2, 3)) for x in (data, larger)]
    assert (mean[0] - mean[1]).abs().max() < 15
    back, pictures = resized(larger.columns["image"], 8).float(), pictures.float()
    assert (back - pictures).abs().mean() < (back.roll(1, 0) - pictures).abs().mean() / 3


def test_resizing_neither_overflows_nor_mixes_channels_and_crosses_chunks() -> None:
    # bicubic overshoots at edges: 255 must not turn into 3; more items than one chunk holds
    image = torch.zeros(1030, 3, 6, 8, dtype=torch.uint8)
    image[:, 0], image[:, 2, :, 4:] = 200, 255
    shown = resized(image, 16)
    assert shown.shape == (1030, 3, 16, 16)
    assert shown[:, 0].unique().tolist() == [200] and not shown[:, 1].any()
    assert not shown[:, 2, :, :5].any() and (shown[:, 2, :, -5:] == 255).all()
    assert torch.equal(shown[0], shown[-1])
