"""GRAN: a canvas on which every time of painting is added."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from liangyi.core.spec import Pixels, Spec
from liangyi.nets.recurrent_norm import RecurrentBatchNorm2d, set_time
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gran import GRAN, GRANConfig

SPEC = Spec("image", image=Pixels(1, 16, 16))


def small(timesteps):
    return build(GRAN, GRANConfig(width=4, latent=6, timesteps=timesteps), SPEC, 0)


@pytest.mark.parametrize("timesteps", [1, 3, 5])
def test_the_last_canvas_is_the_sample(timesteps):
    model = small(timesteps)
    canvases = model.canvases(4, seed=2)
    assert canvases.shape == (4, timesteps, 1, 16, 16)
    torch.testing.assert_close(canvases[:, -1], model.sample(4, seed=2))


def test_canvases_add_up_before_the_sigmoid():
    # by hand: f, then f of what g says of it
    model = small(2).eval()
    painter, noise = model.generator, torch.randn(3, 6)
    idea = (noise @ painter.idea.weight.T + painter.idea.bias).tanh()
    set_time(painter, 0)
    first = painter.decoder(torch.cat([idea, torch.zeros(3, 6)], 1))
    set_time(painter, 1)
    second = painter.decoder(torch.cat([idea, painter.encoder(first).tanh()], 1))
    torch.testing.assert_close(model.generate(noise), (first + second).sigmoid())


def test_a_decoder_that_ignores_what_was_seen_paints_the_same_each_time():
    # breaks when the encoder's word reaches the canvas by another way than the decoder
    model = small(3).eval()
    with torch.no_grad():
        model.generator.decoder[0].weight[:, 6:] = 0
    painted = model.generator(torch.randn(2, 6))
    torch.testing.assert_close(painted[:, 0], painted[:, 1])
    torch.testing.assert_close(painted[:, 0], painted[:, 2])


def test_the_gradient_comes_from_every_time():
    # breaks when a painting is cut off from the next one
    model = small(3)
    painted = model.generator(torch.randn(2, 6))
    painted[:, 2].sum().backward()
    assert all(weight.grad is not None for weight in model.generator.parameters())
    assert float(model.generator.encoder[0].weight.grad.abs().sum()) > 0


def test_painting_once_needs_no_encoder():
    assert not [n for n, _ in small(1).named_parameters() if "encoder" in n]
    assert isinstance(small(2).generator.encoder[-1], nn.Linear)


def test_statistics_are_those_of_each_time():
    # breaks when times share their statistics: samples are then not what was trained
    model = small(3)
    norms = [m for m in model.generator.modules() if isinstance(m, RecurrentBatchNorm2d)]
    seen = {}

    def note(norm, given, made):
        seen.setdefault(norm, []).append(made)

    for norm in norms:
        norm.register_forward_hook(note)
        for at in norm.at:
            at.momentum = 1.0
    noise = torch.randn(64, 6)
    model.train()
    model.generator(noise)
    trained = {norm: seen.pop(norm) for norm in norms}
    model.eval()
    model.generator(noise)
    for norm in norms:
        for one, other in zip(trained[norm], seen[norm], strict=True):
            torch.testing.assert_close(one, other, atol=0.02, rtol=0.02)  # n against n - 1


def test_a_painter_that_paints_three_times_moves_a_third():
    model = small(3)
    rates = [model.optimizer(player, [*getattr(model, player).parameters()]).param_groups[0]["lr"]
             for player in ("discriminator", "generator")]  # fmt: skip
    assert rates == pytest.approx([2e-4, 2e-4 / 3])
