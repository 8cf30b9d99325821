"""The embedded digits: all there, held-out ones apart and of the same population."""

from __future__ import annotations

import torch

from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import choose
from liangyi.data.pictures.digits import NAMES


def test_digits_are_all_there_and_held_out_ones_apart():
    digits = choose("digits")
    train, test = digits.split("train"), digits.split("test")
    assert (len(train), len(test)) == (1500, 297)
    seen, held = (
        {image.numpy().tobytes() for image in part.columns["image"]} for part in (train, test)
    )
    assert not seen & held
    for part in (train, test):
        assert part.spec == Spec("image", image=Pixels(1, 8, 8), label=Label(NAMES))
        image, label = part.columns["image"], part.columns["label"]
        assert image.dtype == torch.uint8 and image.shape[1:] == (1, 8, 8)
        assert (int(image.min()), int(image.max())) == (0, 255)
        assert label.unique().tolist() == list(range(10))
        assert label.bincount().min() > len(part) / 15
    # darkness of 0 ... 16 becomes 0 ... 255: 17 levels, and no more
    assert len(train.columns["image"].unique()) == 17


def test_held_out_digits_are_of_the_same_population():
    # sorted by writer as they are shipped, a nearest neighbour told the last from the first at .70
    digits = choose("digits")
    train, test = (
        digits.split(split).columns["image"].float().flatten(1) for split in ("train", "test")
    )
    found = []
    for seed in range(10):  # as many of the training ones as are held out, others each time
        some = torch.randperm(1500, generator=torch.Generator().manual_seed(seed))[:297]
        both = torch.cat([train[some], test])
        held = torch.arange(594) >= 297
        nearest = torch.cdist(both, both).fill_diagonal_(torch.inf).argmin(1)
        found.append(float((held[nearest] == held).float().mean()))
    assert abs(sum(found) / 10 - 0.5) < 3 * (0.25 / 594) ** 0.5


def test_digits_look_like_their_labels():
    # breaks when pictures and labels are cut differently: the nearest mean names 9 of 10
    digits = choose("digits")
    train, test = digits.split("train"), digits.split("test")
    image, label = train.columns["image"].float().flatten(1), train.columns["label"]
    means = torch.stack([image[label == k].mean(0) for k in range(10)])
    named = torch.cdist(test.columns["image"].float().flatten(1), means).argmin(1)
    assert float((named == test.columns["label"]).float().mean()) > 0.85
