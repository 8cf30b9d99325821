"""Packs: which items share one, and what a pack of one is."""

from __future__ import annotations

import torch
from torch import nn

from liangyi.data import choose
from liangyi.nets.adversary import Packed, adversary, shape_of
from liangyi.zoo.adversarial.dcgan import DCGAN, DCGANConfig
from liangyi.zoo.adversarial.gan import GAN, GANConfig


class Tell(nn.Module):
    """Return what it was given."""

    def forward(self, items):
        return items


def test_neighbours_share_a_pack_and_the_last_is_filled_from_the_first():
    items = torch.arange(10.0).view(5, 2)
    found = Packed(Tell(), 2)(items)
    assert found.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 1]]
    assert Packed(Tell(), 4)(items[:1]).tolist() == [[0, 1] * 4]


def test_pictures_are_packed_by_channels():
    assert shape_of((3, 8, 8), 2) == (6, 8, 8)
    image = torch.rand(4, 3, 8, 8)
    found = Packed(Tell(), 2)(image)
    assert torch.equal(found[1, 3:], image[3])


def test_a_pack_of_one_needs_nothing_around_its_judge():
    judge = nn.Linear(2, 1)
    assert adversary(lambda shape: judge, (2,)) is judge


def test_an_adversary_is_built_for_packs_of_its_size():
    asked = []
    made = adversary(lambda shape: asked.append(shape) or Tell(), (3, 8, 8), 2)
    assert asked == [(6, 8, 8)] and isinstance(made, Packed) and made.pack == 2


def test_packed_gans_judge_half_as_often_with_the_same_generator():
    spec = choose("digits").spec()
    plain, packs = (GAN(GANConfig(pack=n), spec) for n in (1, 2))
    image = torch.rand(6, *spec.shape)
    assert plain.discriminator(image).shape == (6, 1) and packs.discriminator(image).shape == (3, 1)
    sizes = [sum(p.numel() for p in model.generator.parameters()) for model in (plain, packs)]
    assert sizes[0] == sizes[1]
    assert DCGAN(DCGANConfig(pack=3, width=4), spec).discriminator(image).shape == (2, 1)
