"""The games of the lab: what each rule, loss and generator does, where that is known."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.lab import any_generator, flipped_labels, gan_and_rl, optimal_discriminator, turns
from liangyi.lab.circling import PENALTIES, bilinear, dirac, factors, growth, noisy
from liangyi.lab.descent import RATE, RULES, alternating, path
from liangyi.lab.experiment import Terms, Work
from liangyi.lab.figure import games, panels
from liangyi.lab.fitting import Drawn, against, covered, followed, points, ring
from liangyi.lab.frames import Frames, save
from liangyi.lab.mode_collapse import KINDS, Unrolled, told
from liangyi.losses import adversarial
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN, GANConfig

SMALL = GANConfig(latent=3, generator_widths=(8,), discriminator_widths=(8,))


def test_a_row_of_games_leaves_the_panels_below_it(tmp_path):
    # breaks when the panels that follow are those of the games again
    for name, where in (("one", 1.0), ("other", 2.0)):
        spots = torch.full((1, 5, 2), where)
        save(tmp_path / f"{name}.npz", real=spots[0], fake=spots, judgement=torch.zeros(1, 3, 3),
             x=torch.linspace(-2, 2, 3), y=torch.linspace(-2, 2, 3))  # fmt: skip
    _, places = panels(2, 2)
    left = games(places, ["one", "other"], lambda name: tmp_path / f"{name}.npz")
    assert [axes.get_title() for axes in places] == ["one", "other", "", ""]
    assert list(left) == places[2:]
    assert float(places[1].lines[-1].get_xdata()[0]) == 2.0


@pytest.mark.parametrize("name", list(factors()))
def test_the_factor_per_step_is_the_root_of_the_rules_polynomial(name):
    # the roots found numerically from the rule itself: two of its steps decide the next
    places = path(RULES[name], bilinear, 2000)
    assert growth(places, name) == pytest.approx(factors()[name], abs=1e-4)


def test_rules_that_come_to_rest_and_those_that_do_not():
    ends = {name: float(path(rule, bilinear, 1000)[-1].norm()) for name, rule in RULES.items()}
    rest = {name for name, end in ends.items() if end < 0.3}
    assert rest == {"alternating, momentum -0.5", "optimistic", "extragradient", "consensus"}


def test_the_dirac_gan_comes_to_rest_with_r1_and_noise_alone():
    ends = {
        name: float(path(alternating, flow, 2000)[-1].norm()) for name, flow in PENALTIES.items()
    }
    assert ends["R1"] < 1e-3 and ends["noise on both"] < 1e-3
    assert ends["nothing"] > 0.5 and ends["WGAN-GP's"] > 0.5


def test_flows_are_the_gradients_of_their_games():
    place = torch.tensor([0.7, -0.4], dtype=torch.float64)

    def value(where):  # f(psi theta) of which theta wants less and psi more
        return -torch.nn.functional.softplus(-where[0] * where[1])

    slope = torch.func.grad(value)(place)
    assert torch.allclose(dirac(place), slope * torch.tensor([-1.0, 1.0], dtype=torch.float64))
    assert torch.allclose(noisy(place, 1e-9), dirac(place) - torch.tensor([0.0, 0.0]), atol=1e-8)
    assert float(RATE) == 0.1


def test_an_adversary_alone_moves_alone_and_few_points_stay_few():
    stream = Drawn(ring, 2, 32, 0, few=5)
    assert len(stream.batch(0).point.unique(dim=0)) <= 5 and stream.few.shape == (5, 2)
    assert torch.equal(stream.batch(3).point, Drawn(ring, 2, 32, 0, few=5).batch(3).point)
    model = build(against(GAN, lambda z, u: z), SMALL, stream.spec, 0)
    before = {name: w.clone() for name, w in model.named_parameters()}
    for _ in followed(model, stream, 3, 0, looks=1):
        pass
    for name, weight in model.named_parameters():
        assert torch.equal(weight, before[name]) == name.startswith("generator")


def test_looks_come_at_the_beginning_and_at_the_end():
    stream = Drawn(ring, 2, 8, 0)
    model = build(GAN, SMALL, stream.spec, 0)
    assert [step for step, _ in followed(model, stream, 5, 0, looks=20)] == [0, 1, 2, 3, 4, 5]


def test_the_ring_covers_itself():
    found = covered(points(ring, 2000, 2, 0, "test"))
    assert found["modes"] == 8 and found["high_quality"] == pytest.approx(0.989, abs=0.01)
    assert covered(torch.zeros(10, 2))["modes"] == 0


def test_a_pull_is_downhill_for_the_generators_loss():
    stream = Drawn(ring, 2, 16, 0)
    model = build(GAN, SMALL, stream.spec, 0)
    frames = Frames(points(ring, 20, 2, 0, "test"))
    frames.look(0, model)
    fake, pull = frames.looks["fake"][0], frames.looks["pull"][0]
    with torch.no_grad():
        before, after = (
            frames.loss(model.judgement(model.Batch(x))) for x in (fake, fake + 0.01 * pull)
        )
    assert after < before


# single experiments


def test_the_best_discriminator_is_half_where_both_laws_are_alike():
    pair = optimal_discriminator.pairs()["two normal laws, apart by 1"]
    assert float(pair.best(torch.tensor([[0.5]])).sigmoid()) == pytest.approx(0.5)
    for name, one in optimal_discriminator.pairs().items():
        assert float(one.log_p(one.grid).exp().sum()) * one.cell == pytest.approx(1, abs=1e-3), name
        assert float(one.log_q(one.grid).exp().sum()) * one.cell == pytest.approx(1, abs=1e-3), name
        # the densities are those of the points
        drawn = points(one.real, 20_000, one.grid.shape[1], 0, "test").double()
        entropy = -float(one.log_p(drawn).mean())
        log_p = one.log_p(one.grid)
        assert entropy == pytest.approx(-float((log_p.exp() * log_p).sum()) * one.cell, abs=0.02)


def test_a_discriminator_comes_near_the_best_one(tmp_path):
    work = Work(Terms(), tmp_path, lambda line: None)
    name = "two normal laws, apart by 1"
    found = optimal_discriminator.reached(name, work, 300, 0)
    best = 2 * optimal_discriminator.pairs()[name].divergence() - math.log(4)
    assert found["off"] < 0.06 and found["value"] == pytest.approx(best, abs=0.04)


def test_a_late_generator_waits():
    kind = flipped_labels.late(GAN, "descent", 2)
    stream = Drawn(flipped_labels.target, 2, 16, 0)
    model = build(kind, flipped_labels.CONFIG, stream.spec, 0)
    moved = []
    for _, trainer in followed(model, stream, 4, 0, looks=4):
        moved.append(trainer.model.generator.bias.detach().clone())
    assert torch.equal(moved[0], moved[2]) and not torch.equal(moved[2], moved[3])


@pytest.mark.parametrize(("name", "wanted"), [("1 : 1", 3), ("5 : 1", 5), ("1 : 5", 1)])
def test_each_step_is_one_turn(name, wanted, tmp_path):
    kind = type("Kind", (turns.OneTurn,), {"rule": staticmethod(turns.RULES[name])})
    stream = Drawn(ring, 2, 16, 0)
    model = build(kind, SMALL, stream.spec, 0)
    for _ in followed(model, stream, 6, 0, looks=1):
        pass
    assert float(model.turns) == wanted


def test_the_notes_rule_holds_on_until_the_other_is_beaten():
    rule = turns.RULES["until fooled"]
    assert not rule(0, 0.7, False) and rule(0, 0.7, True)
    assert rule(0, 0.5, False) and not rule(0, 0.9, True)


@pytest.mark.parametrize("name", ["Mixture", "Table"])
def test_a_generator_that_is_no_network_draws_points_that_can_be_followed_back(name):
    generator = getattr(any_generator, name)()
    fake = generator(torch.randn(64, 3))
    assert fake.shape == (64, 2)
    fake.sum().backward()
    assert all(w.grad is not None and w.grad.abs().sum() > 0 for w in generator.parameters())


def test_a_painted_spot_is_where_its_numbers_say():
    numbers = {"x": 2.0, "y": -1.0, "deviation": 1e-6, "radius": 1.5}
    spots = any_generator.Spots(numbers)
    picture = (spots(torch.zeros(1, 3)).detach().view(12, 12) + 1) / 2
    side = torch.linspace(-5.5, 5.5, 12)
    assert float((picture.sum(0) * side).sum() / picture.sum()) == pytest.approx(2.0, abs=0.1)
    assert float((picture.sum(1) * side).sum() / picture.sum()) == pytest.approx(-1.0, abs=0.1)
    assert spots.numbers() == pytest.approx(numbers, rel=1e-5)


def test_what_is_looked_ahead_is_the_discriminator_of_later():
    # the unrolled steps are those of gradient descent, and their gradient reaches the fakes
    stream = Drawn(ring, 2, 16, 0)
    model = build(Unrolled, SMALL, stream.spec, 0)
    real, fake = stream.batch(0).point, torch.randn(16, 2).requires_grad_()
    said = model.ahead(real, fake)
    assert torch.autograd.grad(said.sum(), fake)[0].abs().sum() > 0
    copy = build(Unrolled, SMALL, stream.spec, 0)
    descent = torch.optim.SGD(copy.discriminator.parameters(), lr=0.1)
    for _ in range(5):
        descent.zero_grad()
        loss = adversarial.discriminator(
            copy.discriminator(real), copy.discriminator(fake.detach())
        )
        loss.backward()
        descent.step()
    assert torch.allclose(said, copy.discriminator(fake), atol=1e-5)


def test_the_cures_differ_from_the_disease_in_one_thing_each():
    sizes = {}
    for name, (kind, pack) in KINDS.items():
        config = GANConfig(latent=8, generator_widths=(8,), discriminator_widths=(8,), pack=pack)
        model = build(kind, config, Drawn(ring, 2, 8, 0).spec, 0)
        sizes[name] = sum(w.numel() for w in model.generator.parameters())
        rates = [model.optimizer(player, list(part.parameters())).param_groups[0]["lr"]
                 for player, part in (("generator", model.generator),
                                      ("discriminator", model.discriminator))]  # fmt: skip
        assert rates[0] == pytest.approx(10 * rates[1])
    assert len(set(sizes.values())) == 1


def test_the_doctor_tells_samples_that_are_alike():
    log = [
        {"step": 100.0 * look, "signal/diversity": 0.1, "signal/duplicates": 0.9}
        for look in range(1, 12)
    ]
    assert "mode collapse" in told(log, 1100)


def test_estimators_agree_with_enumeration_in_the_mean():
    logits = torch.linspace(-1, 1, 8, dtype=torch.float64)
    reward = lambda symbol: symbol @ torch.linspace(0, 2, 8, dtype=torch.float64) ** 2  # noqa: E731
    dice = torch.Generator().manual_seed(0)
    true = gan_and_rl.exact(logits, reward, dice)
    for name in ("REINFORCE", "REINFORCE, baseline", "straight-through"):
        # of a linear reward straight-through is unbiased, too
        found = torch.stack(
            [gan_and_rl.ESTIMATORS[name](logits, reward, dice) for _ in range(3000)]
        )
        error = found.std(0) / 3000**0.5
        assert ((found.mean(0) - true).abs() < 4.5 * error + 1e-9).all(), name
    hot = gan_and_rl.ESTIMATORS["Gumbel-softmax 2"]
    found = torch.stack([hot(logits, reward, dice) for _ in range(1000)])
    assert float((found.mean(0) - true).norm() / true.norm()) > 0.1
