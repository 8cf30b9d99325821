"""Dreams of a network that knows ImageNet: SqueezeNet 1.0 with its authors' weights."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from conftest import QUICK
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels, Spec
from liangyi.runs.building import build
from liangyi.runs.classifiers import classifier
from liangyi.use.dream import dreamt, frames, zoomed
from liangyi.zoo.vision.deep_dream import DeepDream, DeepDreamConfig

WEIGHTS = Path(os.environ.get("LIANGYI_DATA", ""), "weights", "squeezenet_v1.0_decoded.npz")
NETWORK = f"torchvision:squeezenet1_0@{WEIGHTS}"
TRAINING = dataclasses.replace(QUICK, average=0)
pytestmark = pytest.mark.skipif(not WEIGHTS.is_file(), reason="the weights are not here")


def photograph(height: int, width: int) -> Tensor:
    """Return a temple in its park, [1 3 H W] in (-1, 1)."""
    from sklearn.datasets import load_sample_image

    whole = torch.tensor(load_sample_image("china.jpg")).permute(2, 0, 1)[None] / 127.5 - 1
    return interpolate(whole[:, :, :, :427], (height, width), mode="bilinear", antialias=True)


def dreaming(height: int, width: int, **settings) -> DeepDream:
    spec = Spec("image", image=Pixels(3, height, width))
    return build(DeepDream, DeepDreamConfig(classifier=NETWORK, **settings), spec, 0)


def test_the_weights_are_those_of_caffe(monkeypatch):
    # breaks when colours are exchanged, or the mean is taken away in the wrong scale
    import numpy as np

    lent = classifier(NETWORK)
    with np.load(WEIGHTS) as arrays:
        weight, bias = (torch.tensor(arrays[f"conv1|{kind}"]) for kind in "wb")
    picture = photograph(64, 64)
    theirs = ((picture + 1) * 127.5).flip(1) - torch.tensor([104.0, 117.0, 123.0]).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    ours = lent.network.features[0](((picture + 1) / 2 - mean) / deviation)
    wanted = torch.nn.functional.conv2d(theirs, weight, bias, stride=2)
    torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-2)
    assert lent.classes[340] == "zebra" and len(lent.classes) == 1000


def test_excitement_rises_in_every_ascent_of_an_octave():
    # breaks with descent, with steps that are too large, or with a picture that is not moved back
    model = dreaming(80, 80, ascents=10, octaves=2, layers=("features.7=1", "features.9=.5"))
    levels = [line.read()["excitement"] for line in dreamt(model, photograph(80, 80), TRAINING)]
    for octave in (levels[:10], levels[10:]):
        assert octave == sorted(octave) and octave[-1] > 1.3 * octave[0]


def test_a_class_is_seen_after_a_dream_of_it():
    settings = {"label": "zebra", "jitter": 4, "learning_rate": 0.02}
    model = dreaming(64, 64, ascents=12, octaves=1, **settings)
    picture = photograph(64, 64)
    for _ in dreamt(model, picture, TRAINING):
        pass
    with torch.no_grad():
        before, after = (
            model.features(one)[0].softmax(1)[0, 340] for one in (picture, model.dream())
        )
    assert before < 0.05 and after > 0.5
    with pytest.raises(UserError, match=r"no class zebar \(did you mean zebra\?\)"):
        dreaming(64, 64, label="zebar")


def test_frames_go_on_from_each_other_and_come_nearer():
    model = dreaming(48, 48, ascents=1, octaves=1, layers=("features.3",))
    picture = photograph(48, 48)
    one, two = frames(model, picture, TRAINING, 2, 1.1)
    assert float((two - zoomed(one, 1.1)).abs().mean()) == pytest.approx(0.01, rel=0.2)
    assert torch.allclose(zoomed(picture, 1.0), picture, atol=1e-5)
    ramp = torch.linspace(-1, 1, 9).expand(1, 1, 9, 9)
    torch.testing.assert_close(zoomed(ramp, 2.0), ramp / 2)


def test_a_picture_too_small_for_the_octaves_is_one_line():
    model = dreaming(24, 24, octaves=4)
    with pytest.raises(UserError, match="one octave keeps") as told:
        list(dreamt(model, photograph(24, 24), TRAINING))
    assert told.value.setting == "octaves"
