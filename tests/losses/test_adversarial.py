"""Adversarial losses against their closed forms: values, gradients, and no overflow."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.losses import adversarial

LN2 = math.log(2)


def entropy(probability: float) -> float:
    return -sum(p * math.log(p) for p in (probability, 1 - probability))


@pytest.mark.parametrize("shape", [(1,), (7,), (7, 1)])
def test_a_judge_that_knows_nothing_pays_two_ln_two(shape):
    # breaks when one half is dropped, halved or summed over the batch
    zero = torch.zeros(shape)
    assert float(adversarial.discriminator(zero, zero)) == pytest.approx(2 * LN2)
    assert float(adversarial.nonsaturating(zero)) == pytest.approx(LN2)
    assert float(adversarial.saturating(zero)) == pytest.approx(-LN2)


def test_discriminator_is_the_papers_value_function():
    # -mean log D(x) - mean log(1 - D(G(z))), by hand, batches of unequal size
    real, fake = torch.tensor([0.3, -1.2, 2.0]), torch.tensor([-0.7, 0.4])
    wanted = -real.sigmoid().log().mean() - (1 - fake.sigmoid()).log().mean()
    torch.testing.assert_close(adversarial.discriminator(real, fake), wanted)


def test_smoothing_raises_the_floor_to_the_entropy_of_the_target():
    # breaks when smoothing scales the loss (floor 0) instead of moving the label
    logit = math.log(0.95 / 0.05)
    certain = torch.full((4,), -1e4)  # fakes are seen through: their half is 0
    at = {
        shift: float(adversarial.discriminator(torch.full((4,), logit + shift), certain, 0.95))
        for shift in (-0.1, 0.0, 0.1)
    }
    assert at[0.0] == pytest.approx(entropy(0.95), abs=1e-6) == pytest.approx(0.1985, abs=1e-4)
    assert at[0.0] < min(at[-0.1], at[0.1])


def test_smoothing_moves_the_real_targets_gradient_to_zero_at_its_logit():
    real = torch.tensor([math.log(0.9 / 0.1), 0.0, 3.0], requires_grad=True)
    adversarial.discriminator(real, torch.zeros(3), 0.9).backward()
    torch.testing.assert_close(real.grad, (real.detach().sigmoid() - 0.9) / 3)
    assert abs(float(real.grad[0])) < 1e-7


def test_smoothing_is_one_sided():
    # breaks when generated items are smoothed too: their target stays 0
    fake = torch.tensor([-2.0, 0.5, 1.0], requires_grad=True)
    real = torch.tensor([0.1, 0.2])
    gradients = []
    for target in (1.0, 0.9):
        loss = adversarial.discriminator(real, fake, target)
        gradients.append(torch.autograd.grad(loss, fake)[0])
    torch.testing.assert_close(gradients[0], fake.detach().sigmoid() / 3)
    assert torch.equal(*gradients)


def test_a_generator_with_a_target_is_content_with_it():
    fake = torch.tensor([math.log(0.95 / 0.05), 0.0, 9.0, -9.0], requires_grad=True)
    adversarial.nonsaturating(fake, 0.95).backward()
    torch.testing.assert_close(fake.grad, (fake.detach().sigmoid() - 0.95) / 4)
    assert abs(float(fake.grad[0])) < 1e-7


def test_both_generator_losses_agree_where_the_judge_is_undecided():
    # the same game at D = 1/2: the same pull, -1/2, on the logit
    pulls = []
    for loss in (adversarial.nonsaturating, adversarial.saturating):
        logit = torch.zeros(1, requires_grad=True)
        loss(logit).backward()
        pulls.append(float(logit.grad))
    assert pulls == pytest.approx([-0.5, -0.5])


@pytest.mark.parametrize("logit", [-8.0, -1.0, 2.0])
def test_only_the_saturating_loss_falls_silent_when_fakes_are_seen_through(logit):
    # breaks when the two are swapped: d/dx is -(1 - D) against -D
    judged = 1 / (1 + math.exp(-logit))
    value = torch.tensor([logit], requires_grad=True)
    (pull,) = torch.autograd.grad(adversarial.nonsaturating(value), value)
    assert float(pull) == pytest.approx(-(1 - judged), rel=1e-4)
    (pull,) = torch.autograd.grad(adversarial.saturating(value), value)
    assert float(pull) == pytest.approx(-judged, rel=1e-4)


def test_huge_logits_neither_overflow_nor_lose_their_gradient():
    # breaks with log(sigmoid(x)): -inf at -1e4, and a gradient that is no number
    high = torch.full((3,), 1e4, requires_grad=True)
    low = torch.full((3,), -1e4, requires_grad=True)
    assert adversarial.discriminator(high, low).item() == 0
    wrong = adversarial.discriminator(low, high)
    assert wrong.item() == pytest.approx(2e4)
    for gradient, sign in zip(torch.autograd.grad(wrong, (low, high)), (-1, 1), strict=True):
        torch.testing.assert_close(gradient, torch.full((3,), sign / 3))
    assert adversarial.nonsaturating(low).item() == pytest.approx(1e4)
    assert adversarial.saturating(high).item() == pytest.approx(-1e4)
    (pull,) = torch.autograd.grad(adversarial.nonsaturating(low), low)
    torch.testing.assert_close(pull, torch.full((3,), -1 / 3))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_logits_give_the_float32_loss_of_the_same_numbers(dtype):
    # breaks when a loss is computed, averaged, or its target rounded in half precision
    real, fake = torch.linspace(-2, 5, 101).to(dtype), torch.linspace(-1, 4, 101).to(dtype)
    pairs = [
        (loss(real, fake), loss(real.float(), fake.float()))
        for loss in (
            adversarial.discriminator,
            lambda real, fake: adversarial.discriminator(real, fake, 0.95),
            adversarial.critic,
            lambda real, fake: adversarial.nonsaturating(fake),
            lambda real, fake: adversarial.saturating(fake),
        )
    ]
    for half, full in pairs:
        assert half.dtype == torch.float32
        assert torch.equal(half, full)


def test_critic_raises_real_values_and_lowers_generated_ones():
    real, fake = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.5], [0.5], [2.0], [1.0]])
    real.requires_grad_(), fake.requires_grad_()
    loss = adversarial.critic(real, fake)
    assert loss.item() == pytest.approx(1.0 - 2.0)
    by_real, by_fake = torch.autograd.grad(loss, (real, fake))
    assert by_real.unique().tolist() == [-0.5] and by_fake.unique().tolist() == [0.25]


def test_critic_ignores_a_constant_in_its_values():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.5, 2.0])
    shifted = adversarial.critic(real + 7, fake + 7)
    torch.testing.assert_close(shifted, adversarial.critic(real, fake))


def test_least_squares_are_half_the_mean_square():
    values = torch.tensor([1.0, 3.0, 0.0])
    assert float(adversarial.least_squares(values, 1)) == pytest.approx((0 + 4 + 1) / 6)
    # a discriminator that says 1/2 of everything: 1/8 for each of its terms
    half = torch.full((4,), 0.5)
    both = adversarial.least_squares(half, 1) + adversarial.least_squares(half, 0)
    assert float(both) == pytest.approx(1 / 4)


def test_linear_is_the_generators_half_of_the_critics_game():
    fake = torch.tensor([[0.5], [-1.0], [2.0]], requires_grad=True)
    loss = adversarial.linear(fake)
    assert loss.item() == pytest.approx(-0.5)
    assert torch.autograd.grad(loss, fake)[0].unique().tolist() == pytest.approx([-1 / 3])


def test_the_hinge_pays_nothing_beyond_its_margins():
    # breaks with the margin at 0, or with the generator's side hinged, too
    real, fake = torch.tensor([1.0, 5.0, 0.25, -2.0]), torch.tensor([-1.0, -7.0, 0.5])
    real.requires_grad_(), fake.requires_grad_()
    loss = adversarial.hinge(real, fake)
    assert loss.item() == pytest.approx((0.75 + 3) / 4 + 1.5 / 3)
    by_real, by_fake = torch.autograd.grad(loss, (real, fake))
    assert by_real.tolist() == pytest.approx([0, 0, -0.25, -0.25])
    assert by_fake.tolist() == pytest.approx([0, 0, 1 / 3])
    assert adversarial.hinge(torch.zeros(3), torch.zeros(3)).item() == pytest.approx(2)


def test_least_squares_with_minus_one_one_zero_is_the_pearson_divergence():
    # arXiv:1611.04076, equations 4 to 8: at the best D, 2 C(G) = int ((p+q) - 2q)^2 / (p+q)
    x = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    p, q = (torch.exp(-((x - m) ** 2) / 2) / math.sqrt(2 * math.pi) for m in (0.0, 1.0))
    best = (p - q) / (p + q)  # (b p + a q) / (p + q)
    step = float(x[1] - x[0])
    found = 0.5 * float(((p + q) * best.square()).sum()) * step  # both with target c = 0
    pearson = float(((q - p).square() / (p + q)).sum()) * step
    assert 2 * found == pytest.approx(pearson)
    # no other D does better for the discriminator
    for other in (best + 0.1, best * 0.9):
        better = ((p * (best - 1) ** 2 + q * (best + 1) ** 2).sum()) * step
        assert float(better) < float((p * (other - 1) ** 2 + q * (other + 1) ** 2).sum()) * step


@pytest.mark.parametrize(
    ("loss", "alike"),
    [
        (adversarial.relativistic_average, 2 * LN2),
        (adversarial.relativistic_average_squares, 2.0),
    ],
)
def test_relativistic_averages_know_differences_alone(loss, alike):
    real, fake = torch.tensor([1.0, -0.5, 2.0]), torch.tensor([0.3, 0.1])
    torch.testing.assert_close(loss(real + 7, fake + 7), loss(real, fake))
    same = torch.full((5,), 3.0)
    assert loss(same, same).item() == pytest.approx(alike)
    # the generator's loss is the discriminator's with the kinds exchanged: no longer the same
    assert loss(fake, real).item() > loss(real, fake).item()


def test_relativistic_averages_compare_with_the_mean_of_the_others():
    # breaks when items are paired, or the mean is taken of the loss instead of the values
    real, fake = torch.tensor([1.0, -0.5, 2.0]), torch.tensor([0.3, 0.1, -4.0])
    higher, lower = real - fake.mean(), fake - real.mean()
    wanted = -higher.sigmoid().log().mean() - (1 - lower.sigmoid()).log().mean()
    torch.testing.assert_close(adversarial.relativistic_average(real, fake), wanted)
    wanted = (higher - 1).square().mean() + (lower + 1).square().mean()
    torch.testing.assert_close(adversarial.relativistic_average_squares(real, fake), wanted)
    shuffled = adversarial.relativistic_average(real, fake[[2, 0, 1]])
    torch.testing.assert_close(shuffled, adversarial.relativistic_average(real, fake))


@pytest.mark.parametrize("kind", ["relativistic_average", "relativistic_average_squares"])
def test_real_items_teach_a_relativistic_generator(kind):
    # breaks when the mean of real values is cut off: then only half of the game is played
    real, fake = torch.randn(2, 6, generator=torch.Generator().manual_seed(0)).unbind()
    real.requires_grad_()
    (pull,) = torch.autograd.grad(getattr(adversarial, kind)(fake, real), real)
    assert (pull.abs() > 1e-4).all()
    assert (pull > 0).all() or kind.endswith("squares")  # which may also overshoot
