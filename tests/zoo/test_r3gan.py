"""R3GAN: its loss in closed form, and a penalty that fits any scale of the data."""

from __future__ import annotations

import pytest
import torch

from liangyi.core.batch import Points
from liangyi.core.spec import Spec, Vector
from liangyi.losses import adversarial, penalty
from liangyi.runs.building import build
from liangyi.zoo.adversarial.r3gan import R3GAN, R3GANConfig, variance

PLANE = Spec("point", point=Vector(2))


def test_the_loss_depends_on_differences_alone():
    real, fake = torch.randn(50), torch.randn(50)
    loss = adversarial.relativistic(real, fake)
    torch.testing.assert_close(adversarial.relativistic(real + 7, fake + 7), loss)
    assert adversarial.relativistic(real, real).item() == pytest.approx(0.6931472)  # ln 2
    # who prefers by d on one side is charged d more on the other: softplus(d) - softplus(-d) = d
    other = adversarial.relativistic(fake, real)
    torch.testing.assert_close(other - loss, (real - fake).mean())


def test_the_zero_centred_penalty_of_a_plane_is_its_squared_slope():
    # breaks when the norm is taken over the batch instead of each item
    slope = torch.tensor([3.0, 4.0])
    for count in (1, 64):
        found = penalty.zero_centred(lambda x: x @ slope, torch.randn(count, 2))
        assert found.item() == pytest.approx(25)


@pytest.mark.parametrize("scale", [0.01, 100.0])
def test_the_penalty_is_the_same_for_data_of_any_scale(scale):
    # breaks when gamma is tuned for pictures and kills plane points
    model = build(R3GAN, R3GANConfig(latent=4, width=8), PLANE, 0)
    points = torch.randn(64, 2)

    def held(model, points):
        torch.manual_seed(0)
        update = next(model.updates(Points(points), 0))
        return update.metrics["penalty"].item(), update.metrics["critic"].item()

    before = held(model, points)
    with torch.no_grad():  # the same judge and the same drawing, in other units
        model.critic.network[0].weight /= scale
        last = model.generator.network[-1]
        last.weight *= scale
        last.bias *= scale
    assert held(model, points * scale) == pytest.approx(before, rel=1e-3)


def test_the_scale_of_the_penalty_is_the_variance():
    points = torch.randn(50, 3, 2)
    torch.testing.assert_close(variance(points), points.var(0).sum())
    assert variance(points[:1]).item() == 0


def test_the_rate_falls_along_half_a_cosine():
    model = build(R3GAN, R3GANConfig(latent=4, width=8, decay_steps=100), PLANE, 0)
    assert [round(model.schedule("critic", step), 3) for step in (0, 50, 100, 500)] == [
        1,
        0.5,
        0,
        0,
    ]
    assert build(R3GAN, R3GANConfig(width=8), PLANE, 0).schedule("critic", 10**6) == 1
