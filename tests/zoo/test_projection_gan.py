"""Projection GAN: equation 4 by hand, and classes that reach both players."""

from __future__ import annotations

import pytest
import torch

from liangyi.core.batch import Labelled
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.runs.building import build
from liangyi.zoo.conditional.projection_gan import ProjectionGAN, ProjectionGANConfig

SPEC = Spec("image", image=Pixels(1, 28, 28), label=Label(tuple("abc")))


@pytest.fixture
def model():
    return build(ProjectionGAN, ProjectionGANConfig(width=4, latent=6), SPEC, 0).eval()


def test_the_logit_is_a_projection_and_a_word_on_the_picture_alone(model):
    image, label = torch.randn(3, 1, 28, 28), torch.tensor([2, 0, 2])
    judge = model.discriminator
    torch.nn.init.normal_(judge.named.weight)
    features = judge.features(image)
    alone = (features @ judge.real.weight.T + judge.real.bias).squeeze(1)
    known = [judge.named.weight[y] @ f for y, f in zip(label, features, strict=True)]
    wanted = alone + torch.stack(known)
    torch.testing.assert_close(model.judgement(Labelled(image, label)), wanted)


def test_at_first_no_class_is_preferred(model):
    image = torch.randn(1, 1, 28, 28).expand(3, -1, -1, -1)
    words = model.judgement(Labelled(image, torch.arange(3)))
    torch.testing.assert_close(words, words[:1].expand(3))


def test_the_class_changes_the_picture_and_is_kept_beside_it(model):
    # breaks when the generator does not read its label, or draws another than it says
    asked = Labelled(torch.zeros(4, 1, 28, 28), torch.tensor([1, 1, 0, 2]))
    assert torch.equal(model.generated(4, asked).label, asked.label)
    one, other = model.sample(2, label=0), model.sample(2, label=1)
    assert not torch.equal(one, other)
    torch.testing.assert_close(model.sample(6)[3:4], model.sample(6, label=0)[3:4])


def test_pictures_of_28_pixels_are_halved_three_times(model):
    sides = []
    image = torch.randn(1, 1, 28, 28)
    for layer in model.discriminator.features:
        image = layer(image)
        sides += [image.shape[2]] if isinstance(layer, torch.nn.Conv2d) else []
    assert sides == [14, 7, 3]


def test_the_rate_stays_and_then_falls_to_zero():
    def at(step, steps=0, planned=0):
        config = ProjectionGANConfig(width=4, latent=6, decay_steps=steps)
        model = build(ProjectionGAN, config, SPEC, 0)
        model.planned = planned
        return model.schedule("generator", step)

    for law in ({"steps": 100}, {"planned": 100}, {"steps": 100, "planned": 500}):
        assert at(0, **law) == at(50, **law) == 1 and at(75, **law) == pytest.approx(0.5)
        assert at(100, **law) == at(120, **law) == 0
    assert at(10_000) == 1  # nobody has said how many there are
