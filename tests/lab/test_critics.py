"""What a critic's value is worth: the estimates against distances that are known."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi import cli
from liangyi.lab import critics
from liangyi.lab.critics import Deep, deep, estimated, exact, followed
from liangyi.lab.fitting import Drawn, points, ring
from liangyi.zoo.adversarial.wgan import WGAN, WGANConfig
from liangyi.zoo.adversarial.wgan_gp import WGANGP, WGANGPConfig

SMALL = {"width": 4, "latent": 2, "critic_steps": 1, "learning_rate": 2e-3}


def shifted(by: float):
    return (lambda z, u: z, lambda z, u: z + z.new_tensor([by, 0.0]))


def test_batches_are_functions_of_seed_and_number():
    one, other = (Drawn(ring, 2, 50, 3) for _ in range(2))
    one.batch(0)
    assert torch.equal(one.batch(7).point, other.batch(7).point)
    assert not torch.equal(one.batch(7).point, one.batch(8).point)
    assert not torch.equal(points(ring, 9, 2, 0, "a"), points(ring, 9, 2, 0, "b"))


def test_the_exact_distance_of_a_shifted_law_is_the_shift():
    assert exact(shifted(5.0), 0) == pytest.approx(5, abs=0.15)


@pytest.mark.parametrize("weight", [5.0, 50.0])
def test_a_penalised_critic_finds_the_shift_times_what_its_weight_lets_through(weight):
    # the best slope of W s - w (s - 1)^2 is 1 + W / (2 w): breaks when the penalty is misweighed
    found = estimated(WGANGP, WGANGPConfig(penalty=weight, **SMALL), shifted(2.0), 600, 0)
    assert found == pytest.approx(2 * (1 + 2 / (2 * weight)), rel=0.08)


def test_a_clipped_critic_has_a_scale_of_its_own():
    # of a linear critic it is known: |f(x) - f(y)| <= c |x - y|_1
    class Linear(WGAN):
        def networks(self):
            super().networks()
            self.critic = torch.nn.Linear(2, 1)

    found = estimated(Linear, WGANConfig(clip=0.01, **SMALL), shifted(2.0), 300, 0)
    assert found == pytest.approx(0.01 * 2, rel=0.05)


def test_a_deep_clipped_critic_is_clipped_from_its_first_weights_on():
    model = deep(WGAN, WGANConfig(clip=0.01, **SMALL), 1, 0)
    assert max(float(w.detach().abs().max()) for w in model.critic.parameters()) <= 0.01 + 1e-9


def test_steepness_is_the_gradient_at_each_layer():
    critic = Deep(3, 4)
    x = torch.rand(5, 2)
    first, second = critic.steepness(x)
    a = torch.nn.functional.relu(critic.layers[0](x))
    hidden = critic.layers[2](a).detach().requires_grad_()
    values = critic.layers[4](hidden.relu()).mean()
    assert second == pytest.approx(float(torch.autograd.grad(values, hidden)[0].norm()), rel=1e-5)
    assert first > 0 and not math.isclose(first, second)


def test_a_followed_training_pairs_losses_and_distances(monkeypatch):
    monkeypatch.setitem(critics.RECIPES, "wgan", {"width": 4, "critic_steps": 1})
    found = followed("wgan", 20, 0)
    assert len(found) == 20 and all(math.isfinite(v) for pair in found for v in pair)


def test_the_command_measures_all_three(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(critics, "BATCH", 8)
    monkeypatch.setattr(critics, "LAWS", {"ring": critics.LAWS["a ring, a normal law"]})
    monkeypatch.setattr(critics, "RECIPES", {"wgan-gp": {"width": 4}})
    cli.main(["lab", "critics", "--seeds", "1", "--steps", "2", "--out", str(tmp_path)])
    assert capsys.readouterr().out.count("|---") >= 3
    assert (tmp_path / "critics.png").stat().st_size > 1000
