"""CGAN: the class reaches both players, and nothing but it is changed."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from conftest import batch_of
from liangyi.core import registry
from liangyi.core.batch import LabelledPoints
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import choose
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN


@pytest.fixture
def here(small: Any) -> Any:
    return small("cgan", dropout=0.0)


def test_its_algorithm_is_that_of_gan(here):
    assert here.kind.updates is GAN.updates


def test_the_real_batchs_classes_are_those_that_are_drawn(here):
    model, real = here.build(), batch_of(here)
    fake = model.generated(6, given=real)
    assert torch.equal(fake.label, real.label) and type(fake) is type(real)
    assert set(model.generated(500).label.tolist()) == set(range(10))


def test_both_players_hear_the_class(here):
    # breaks when one of them is deaf: the discriminator then judges, the generator draws anything
    model, real = here.build().eval(), batch_of(here)
    other = real._replace(label=(real.label + 1) % 10)
    noise = model.noise(6)
    with torch.no_grad():
        assert (model.judgement(real) != model.judgement(other)).all()
        one, two = (model.generate(noise, batch.label) for batch in (real, other))
    assert (one - two).flatten(1).abs().amax(1).min() > 1e-3


def test_the_class_is_heard_beside_hundreds_of_pixels_from_the_first_step():
    # joined to 784 pixels in one layer a class moved it by a twentieth of what a picture does, and
    # the generator drew ones and sevens whatever was asked for
    kind = registry.find("cgan")
    spec = Spec("image", image=Pixels(1, 28, 28), label=Label(tuple("0123456789")))
    model = build(kind, kind.Config(), spec, 0)
    image, label = torch.rand(200, 1, 28, 28) * 2 - 1, torch.arange(200) % 10
    with torch.no_grad():
        for network, item in ((model.generator, model.noise(200)), (model.discriminator, image)):
            chosen = torch.nn.functional.one_hot(label, 10).float()
            seen, heard = network.item(item.flatten(1)), network.label(chosen)
            spread = [float((x - x.mean(0)).norm(dim=1).mean()) for x in (seen, heard)]
            assert spread[1] > 0.2 * spread[0]


def test_samples_show_the_class_asked_for_or_all_in_turn(here):
    model, asked = here.build(), []
    model.generator.register_forward_pre_hook(lambda _, x: asked.append(x[1].tolist()))
    model.sample(12)
    model.sample(3, label=7)
    model.interpolate(8, 4)
    model.interpolate(8, 4, begin=2, end=5)
    assert asked == [
        [*range(10), 0, 1], [7] * 3, [0, 0, 1, 1, 2, 2, 3, 3], [1, 1, 2],
    ]  # fmt: skip
    with pytest.raises(UserError, match="no class 10"):
        model.sample(2, label=10)


def test_lines_of_an_artist_are_drawn_by_class_too(here):
    here.source = choose("artist")
    trainer = here.trainer()
    assert trainer.model.Batch is LabelledPoints
    for report in trainer.run(3):
        assert all(value == value for value in report.read().values())
    assert trainer.model.sample(5, label=1).shape == (5, 15)
