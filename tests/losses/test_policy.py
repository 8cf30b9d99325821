"""REINFORCE against enumeration: three words, all nine sentences, exact expectations."""

from __future__ import annotations

import itertools

import pytest
import torch

from liangyi.losses.policy import reinforce
from liangyi.nets.recurrent import Writer

SENTENCES = torch.tensor(list(itertools.product(range(3), repeat=2)))
WORTH = torch.tensor([0.9, 0.1, 0.4, 0.0, 0.7, 0.2, 0.3, 0.5, 1.0])


def writer() -> Writer:
    torch.manual_seed(0)
    made = Writer(3, 4)
    torch.nn.init.normal_(made.output.weight)
    return made


def exact(model: Writer) -> list[torch.Tensor]:
    """Return the gradient of the expected worth, from all sentences."""
    expected = (model(SENTENCES).sum(1).exp() * WORTH).sum()
    return list(torch.autograd.grad(expected, list(model.parameters())))


def scored(model: Writer, reward: torch.Tensor) -> list[torch.Tensor]:
    """Return the expected gradient of the loss, each sentence as likely as it is."""
    log_probability = model(SENTENCES)
    probability = log_probability.sum(1).exp().detach()
    rows = zip(log_probability.split(1), reward.split(1), probability, strict=True)
    loss = sum(share * reinforce(row, earned) for row, earned, share in rows)
    return list(torch.autograd.grad(loss, list(model.parameters())))


def agree(loss: list[torch.Tensor], worth: list[torch.Tensor]) -> None:
    assert max(float(w.abs().max()) for w in worth) > 0.01
    for one, other in zip(loss, worth, strict=True):
        torch.testing.assert_close(-one, other, rtol=1e-4, atol=1e-6)


def test_enumeration_is_over_everything():
    assert writer()(SENTENCES).sum(1).exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_the_worth_of_whole_sentences_gives_the_gradient_of_its_expectation():
    # breaks with the wrong sign, or when a word's score is left out
    model = writer()
    agree(scored(model, WORTH[:, None].expand(-1, 2)), exact(model))


def test_the_expected_worth_of_each_prefix_gives_the_same_gradient():
    # what SeqGAN's roll-outs estimate: Q(y_1), then Q(y_1 y_2)
    model = writer()
    with torch.no_grad():
        follows = model(SENTENCES)[:, 1].exp().view(3, 3)
    prefix = (follows * WORTH.view(3, 3)).sum(1).repeat_interleave(3)
    agree(scored(model, torch.stack([prefix, WORTH], 1)), exact(model))


def test_a_baseline_at_each_position_changes_nothing_on_average():
    model = writer()
    reward = WORTH[:, None].expand(-1, 2) - torch.tensor([0.3, -2.0])
    agree(scored(model, reward), exact(model))


def test_words_are_summed_and_sentences_averaged():
    log_probability = torch.tensor([[-1.0, -2.0], [-3.0, -4.0]])
    reward = torch.tensor([[1.0, 0.5], [2.0, 0.0]])
    assert float(reinforce(log_probability, reward)) == pytest.approx((2 + 6) / 2)


def test_no_gradient_flows_through_the_reward():
    score = torch.zeros(2, 3, requires_grad=True)
    reward = torch.ones(2, 3, requires_grad=True)
    reinforce(score * 2, reward).backward()
    assert reward.grad is None and score.grad.tolist() == [[-1.0] * 3] * 2


def test_half_precision_scores_give_a_float32_loss():
    score = torch.full((2, 3), -1.0, dtype=torch.bfloat16)
    assert reinforce(score, torch.ones(2, 3)).dtype == torch.float32
