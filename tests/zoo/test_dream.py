"""DeepDream: octaves, the detail that shrinking lost, the size of a step, what counts."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from conftest import QUICK
from liangyi.core.batch import Images
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels
from liangyi.data import Batches
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.vision.deep_dream import NormalizedDescent


class OnePicture:
    """A stream that always shows the same picture."""

    items = 1

    def __init__(self, spec: Any, image: Tensor) -> None:
        self.spec, self.image = spec, image

    def batch(self, number: int) -> Images:
        return Images(self.image)


@pytest.fixture
def picture(small) -> Tensor:
    return small("deep-dream").source.split("train").batch(Images, torch.tensor([4])).image


def dreaming(small: Any, picture: Tensor, **settings: Any) -> Trainer:
    model = small("deep-dream", **settings).build()
    training = dataclasses.replace(QUICK, batch_size=1, average=0)
    return Trainer(model, OnePicture(model.spec, picture), training)


def test_octaves_grow_by_the_scale_up_to_the_picture(small):
    model = small("deep-dream", octaves=3, scale=1.25).build()
    assert [tuple(octave.shape) for octave in model.octaves] == [
        (1, 1, 5, 5), (1, 1, 6, 6), (1, 1, 8, 8)
    ]  # fmt: skip


def test_each_octave_has_its_ascents_and_then_the_next_begins(small, picture):
    trainer = dreaming(small, picture, octaves=2, ascents=3, limit=1e9)
    moved, before = [], [octave.detach().clone() for octave in trainer.model.octaves]
    for _ in trainer.run(7):
        after = [octave.detach().clone() for octave in trainer.model.octaves]
        moved.append([not torch.equal(*pair) for pair in zip(before, after, strict=True)])
        before = after
    # steps beyond the last octave's go on in it
    assert moved == [[True, False]] * 3 + [[False, True]] * 4


def test_without_a_dream_the_picture_comes_back_whole(small, picture):
    # breaks when the detail lost to the smaller octave is left out: the picture is then blurred
    trainer = dreaming(small, picture, octaves=3, scale=1.25, ascents=1, limit=1e-9)
    for _ in trainer.run(3):
        pass
    torch.testing.assert_close(trainer.model.dream(), picture, rtol=0, atol=1e-5)


def test_all_octaves_are_of_one_picture(small):
    # breaks when an octave begins from the batch of its own step: two pictures in one dream
    here = small("deep-dream", octaves=3, scale=1.25, ascents=1, limit=1e-9)
    trainer = here.trainer(batch_size=1, average=0)
    assert isinstance(trainer.stream, Batches) and trainer.stream.items > 1
    first = trainer.stream.batch(0).image
    for _ in trainer.run(3):
        pass
    torch.testing.assert_close(trainer.model.dream(), first, rtol=0, atol=1e-5)


def test_what_was_dreamt_in_a_small_octave_is_carried_into_the_next(small, picture):
    trainer = dreaming(small, picture, octaves=2, scale=1.25, ascents=1)
    model = trainer.model
    with torch.no_grad():
        model.octaves[0].copy_(model.octaves[0] * 0 + 0.25)
        model.begin(0, picture)
        model.octaves[0].add_(0.25)  # a dream that lightens everything
        model.begin(1, picture)
    torch.testing.assert_close(model.octaves[1].detach(), picture + 0.25, rtol=0, atol=1e-5)


def test_an_octave_ends_when_it_is_excited_beyond_the_limit(small, picture):
    trainer = dreaming(small, picture, octaves=1, ascents=9, limit=1e9)
    levels = [report.read()["excitement"] for report in trainer.run(9)]
    bounded = dreaming(small, picture, octaves=1, ascents=9, limit=levels[3])
    kept = [report.read() for report in bounded.run(9)]
    assert [bool(line) for line in kept] == [True] * 4 + [False] * 5


def test_excitement_rises_over_a_dream(small, picture):
    # breaks with descent in place of ascent
    trainer = dreaming(small, picture, octaves=1, ascents=20, learning_rate=0.01, limit=1e9)
    levels = [report.read()["excitement"] for report in trainer.run(20)]
    assert levels[-1] > 1.1 * levels[0]
    assert levels == sorted(levels)


@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_an_average_pixel_moves_by_the_learning_rate(rate, small, picture):
    # breaks when the raw gradient is used, or its norm in place of its mean
    trainer = dreaming(small, picture, octaves=1, ascents=3, learning_rate=rate, limit=1e9)
    trainer.model.begin(0, picture)
    before = trainer.model.octaves[0].detach().clone()
    trainer.step = 1  # its octave has begun
    trainer.advance()
    step = trainer.model.octaves[0].detach() - before
    assert float(step.abs().mean()) == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize("steepness", [1e-5, 1.0, 1e6])
def test_the_step_does_not_depend_on_the_steepness(steepness):
    weight = torch.nn.Parameter(torch.zeros(4))
    weight.grad = torch.tensor([1.0, -3.0, 0.0, 4.0]) * steepness
    NormalizedDescent([weight], {"lr": 0.5}).step()
    torch.testing.assert_close(weight.detach(), -0.5 * torch.tensor([1.0, -3.0, 0.0, 4.0]) / 2)


def test_a_flat_place_is_no_division_by_zero():
    weight = torch.nn.Parameter(torch.ones(3))
    weight.grad = torch.zeros(3)
    NormalizedDescent([weight], {"lr": 0.5}).step()
    assert weight.tolist() == [1, 1, 1]


@pytest.mark.parametrize(("border", "left"), [(0, 16), (1, 4), (2, 16)])
def test_the_border_is_left_out_of_the_sum_and_not_of_the_count(border, left, small, monkeypatch):
    # 4 x 4 maps: a border of 1 leaves 2 x 2 of 16; one of 2 leaves nothing, so all is kept
    model = small("deep-dream", border=border, layers=("network.2=3",)).build()
    monkeypatch.setattr(model.features, "forward", lambda _: [torch.full((1, 5, 4, 4), 2.0)])
    assert float(model.excitement(torch.zeros(1, 1, 8, 8))) == pytest.approx(3 * 4 * left / 16)


def test_layers_add_up_by_their_weights(small, monkeypatch):
    # maps and flat layers alike: mean squares 4 and 9
    made = small("deep-dream", layers=("network.0=.5", "network.7=2")).build()
    seen = [torch.full((1, 2, 3, 3), 2.0), torch.full((1, 7), -3.0)]
    monkeypatch.setattr(made.features, "forward", lambda _: seen)
    assert float(made.excitement(torch.zeros(1, 1, 8, 8))) == pytest.approx(0.5 * 4 + 2 * 9)


def test_the_classifier_does_not_move(small, picture):
    trainer = dreaming(small, picture, octaves=1, ascents=2)
    before = {n: v.clone() for n, v in trainer.model.features.state_dict().items()}
    for _ in trainer.run(2):
        pass
    after = trainer.model.features.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_settings_that_cannot_be_are_the_users_mistake(small):
    # breaks with a traceback out of interpolate()
    for layers in (("network.0=x",), ("=2",), ("network.0", "network.0=2"), ("network.0=nan",)):
        with pytest.raises(UserError, match="write NAME or NAME=WEIGHT") as told:
            small("deep-dream", layers=layers).build()
        assert told.value.setting == "layers"
    with pytest.raises(UserError, match="there is no class 17; there are: 0, 1"):
        small("deep-dream", label="17").build()
    with pytest.raises(UserError, match="octaves"):
        small("deep-dream", octaves=12, scale=1.4).build()


def test_a_class_is_climbed_by_its_logit(small, picture):
    # breaks when another class is taken, or the layers are excited instead
    trainer = dreaming(small, picture, label="3", octaves=1, ascents=20)
    model = trainer.model
    (before,) = model.features(picture)[0]
    levels = [report.read()["excitement"] for report in trainer.run(20)]
    gained = model.features(model.dream())[0][0] - before
    assert levels[0] == pytest.approx(float(before[3]), abs=1e-4)
    assert gained.argmax() == 3 and levels[-1] > levels[0] + 0.05


def test_what_was_moved_by_jitter_is_moved_back(small, picture, monkeypatch):
    # of the mean square of the pixels themselves the slope is 2 x / N, wherever they were moved
    trainer = dreaming(small, picture, octaves=1, ascents=9, jitter=3)
    moved = []
    monkeypatch.setattr(trainer.model.features, "forward", lambda x: moved.append(x) or [x])
    trainer.advance()
    expected = picture + 0.01 * picture / picture.abs().mean()
    torch.testing.assert_close(trainer.model.octaves[0].detach(), expected)
    for _ in trainer.run(5):
        pass
    corners = {tuple(divmod(int(x.flatten().argmax()), 8)) for x in moved}
    assert len(corners) > 2  # it is elsewhere each time


def test_large_pictures_are_looked_at_in_tiles_that_lie_elsewhere_each_time(
    small, picture, monkeypatch
):
    large = picture.repeat(1, 1, 12, 15)  # 96 x 120
    here = small("deep-dream", octaves=1, ascents=9, tile=32)
    spec = here.source.spec().replace(image=Pixels(1, 96, 120))
    model = build(here.kind, here.config, spec, 0)
    training = dataclasses.replace(QUICK, batch_size=1, average=0)
    trainer = Trainer(model, OnePicture(spec, large), training)
    look, seen = model.features.forward, []
    monkeypatch.setattr(model.features, "forward", lambda x: seen.append(x.shape[2:]) or look(x))
    levels = [report.read()["excitement"] for report in trainer.run(9)]
    assert max(max(shape) for shape in seen) <= 32 and len(set(seen)) > 4
    assert levels[-1] > levels[0]


def test_a_guide_decides_what_is_excited_and_is_needed_once(small, picture, tmp_path):
    # breaks when the guide is read anew after resuming, or is not looked at
    guide = tmp_path / "guide.png"
    Image.effect_noise((30, 20), 80).save(guide)
    first = dreaming(small, picture, octaves=1, ascents=8, guide=str(guide), layers=("network.0",))
    for _ in first.run(4):
        pass
    assert first.model.guide.shape == (1, 1, 8, 8) and float(first.model.guide.std()) > 0.1
    state = {name: value.clone() for name, value in first.state()[0].items()}
    plain = first.state()[1]
    guide.unlink()
    second = dreaming(small, picture, octaves=1, ascents=8, guide=str(guide), layers=("network.0",))
    second.restore(state, plain)
    for one, other in zip(first.run(4), second.run(4), strict=True):
        assert one.read() == other.read()
    other = dreaming(small, picture, octaves=1, ascents=8, layers=("network.0",))
    for _ in other.run(8):
        pass
    assert not torch.equal(other.model.dream(), first.model.dream())
    with pytest.raises(UserError, match="no such file") as told:
        dreaming(small, picture, octaves=1, guide=str(guide)).advance()
    assert told.value.setting == "guide"


def test_a_guide_without_a_layer_is_refused(small):
    # breaks when a class is dreamt of, and the guide that was named makes no difference
    with pytest.raises(UserError, match="compared in layers") as told:
        small("deep-dream", octaves=1, label="3", guide="x.png").build()
    assert told.value.setting == "guide"
    small("deep-dream", octaves=1, label="3", guide="x.png", layers=("network.0",)).build()


def test_what_becomes_of_colours_is_said(small):
    here = small("deep-dream")
    assert here.build().remarks() == []
    colour = here.source.spec().replace(image=Pixels(3, 8, 8))
    assert "sees this one so" in build(here.kind, here.config, colour, 0).remarks()[0]
