"""SqueezeNet's published weights: as Caffe's network sees a picture, so does torchvision's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from liangyi.core.errors import UserError
from liangyi.runs.caffe import _LAYERS, squeezenet
from liangyi.runs.classifiers import classifier


@pytest.fixture(scope="module")
def arrays():
    """Return random weights under Caffe's names."""
    from torchvision import models

    theirs = {ours: name for name, ours in _LAYERS.items()}
    parts = {"squeeze": "/conv1x1_1", "expand1x1": "/conv1x1_2", "expand3x3": "/conv3x3_2"}
    found = {}
    for path, value in models.squeezenet1_0(weights=None).state_dict().items():
        place, _, kind = path.rpartition(".")
        layer = next(ours for ours in theirs if place == ours or place.startswith(f"{ours}."))
        part = parts.get(place.rpartition(".")[2], "")
        dice = np.random.default_rng(len(found))
        name = f"{theirs[layer]}{part}|{kind[0]}"
        found[name] = dice.normal(size=value.shape, scale=0.1).astype(np.float32)
    return found


def test_both_see_the_same(arrays, tmp_path):
    # breaks with red for blue, with Caffe's mean forgotten, or on the scale of bytes
    np.savez(tmp_path / "w.npz", **arrays)
    found = squeezenet(str(tmp_path / "w.npz"))
    dice = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (1, 3, 31, 31), generator=dice).float()
    blue_first = pixels.flip(1) - torch.tensor([104.0, 117.0, 123.0]).view(-1, 1, 1)
    weight, bias = (torch.tensor(arrays[f"conv1|{kind}"]) for kind in "wb")
    mean, deviation = (
        torch.tensor(each).view(-1, 1, 1) for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    ours = (pixels / 255 - mean) / deviation
    torch.testing.assert_close(
        conv2d(ours, found["features.0.weight"], found["features.0.bias"], stride=2),
        conv2d(blue_first, weight, bias, stride=2), rtol=1e-4, atol=1e-2,
    )  # fmt: skip


def test_it_is_lent_by_its_file(arrays, tmp_path):
    np.savez(tmp_path / "w.npz", **arrays)
    lent = classifier(f"torchvision:squeezenet1_0@{tmp_path / 'w.npz'}")
    own = lent.network.features[12].expand3x3.weight
    assert torch.equal(own, torch.tensor(arrays["fire9/conv3x3_2|w"]))


def test_a_file_of_other_arrays_is_told(tmp_path):
    np.savez(tmp_path / "w.npz", pixels=np.zeros(3))
    with pytest.raises(UserError, match="does not hold the weights of squeezenet1_0"):
        classifier(f"torchvision:squeezenet1_0@{tmp_path / 'w.npz'}")
    with pytest.raises(UserError, match="cannot read the weights in"):
        classifier(f"torchvision:squeezenet1_0@{tmp_path / 'none.npz'}")
