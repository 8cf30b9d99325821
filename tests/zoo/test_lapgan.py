"""LAPGAN: levels that play alone, and pictures that are drawn from coarse to fine."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from liangyi.core.batch import Images
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels, Spec
from liangyi.nets import pyramid
from liangyi.runs.building import build
from liangyi.zoo.adversarial.lapgan import LAPGAN, Banded, LAPGANConfig

SPEC = Spec("image", image=Pixels(3, 16, 16))


@pytest.fixture
def model():
    return build(LAPGAN, LAPGANConfig(width=4, latent=6, hidden=(8,)), SPEC, 0)


def test_each_level_sees_the_picture_at_its_size_and_the_smaller_one_doubled(model):
    image = torch.rand(2, 3, 16, 16) * 2 - 1
    smallest, middle, largest = model.parts(image)
    assert smallest.image.shape == (2, 3, 4, 4)
    torch.testing.assert_close(middle.band + middle.lowpass, pyramid.halved(image))
    torch.testing.assert_close(largest.band + largest.lowpass, image)
    torch.testing.assert_close(largest.lowpass, pyramid.doubled(pyramid.halved(image)))


def test_generators_that_add_nothing_leave_the_smallest_picture_doubled(model):
    # breaks when a level draws the picture instead of its band, or noise goes to another level
    for level in model.levels[1:]:
        nn.init.zeros_(level.generator[-1].weight)
        nn.init.zeros_(level.generator[-1].bias)
    noise = model.noise(3)
    assert noise.shape == (3, 6 + 8 * 8 + 16 * 16)
    small = model.levels[0].generate(noise[:, :6])
    torch.testing.assert_close(
        model.generate(noise), pyramid.doubled(pyramid.doubled(small)), rtol=0, atol=1e-6
    )


def test_the_discriminator_sees_the_sum_and_the_low_pass_picture(model):
    level = model.levels[1]
    seen = []
    level.discriminator.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    part = Banded(torch.full((1, 3, 8, 8), 0.25), torch.full((1, 3, 8, 8), 0.5))
    level.judgement(part)
    assert seen[0][:, :3].eq(0.75).all() and seen[0][:, 3:].eq(0.5).all()


def test_levels_take_turns_and_no_one_learns_through_another(model):
    batch = Images(torch.rand(4, 3, 16, 16) * 2 - 1)
    updates = list(model.updates(batch, 0))
    owners = [level for level in model.levels for _ in range(2)]
    for owner, update in zip(owners, updates, strict=True):
        inside = {id(weight) for weight in owner.parameters()}
        weights = list(model.parameters())
        reached = torch.autograd.grad(update.loss, weights, retain_graph=True, allow_unused=True)
        assert all(
            grad is None or id(weight) in inside
            for weight, grad in zip(weights, reached, strict=True)
        )
    names = [name for update in updates for name in update.metrics]
    players = ("discriminator", "generator")
    assert names == [f"{player}_{width}" for width in (4, 8, 16) for player in players]


def test_its_word_on_a_picture_is_the_sum_of_all_levels(model):
    image = torch.rand(2, 3, 16, 16)
    words = [level.judgement(part) for level, part in zip(model.levels, model.parts(image),
                                                          strict=True)]  # fmt: skip
    torch.testing.assert_close(model.judgement(Images(image)), sum(words))


@pytest.mark.parametrize(("side", "levels"), [(18, 3), (4, 3), (7, 2), (24, 16)])
def test_pictures_that_cannot_be_halved_are_refused_and_the_hint_would_do(side, levels):
    spec = Spec("image", image=Pixels(1, side, 2 * side))
    with pytest.raises(UserError, match=f"{2 * side} x {side} have . levels? at most") as found:
        LAPGAN(LAPGANConfig(levels=levels), spec)
    # breaks when two levels are advised whatever the picture: an odd one has no second
    assert found.value.setting == "levels" and found.value.better < levels
    LAPGAN(LAPGANConfig(levels=found.value.better), spec)
    with pytest.raises(UserError):
        LAPGAN(LAPGANConfig(levels=found.value.better + 1), spec)
