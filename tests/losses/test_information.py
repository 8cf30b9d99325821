"""The bounds on a mutual information, where they are known."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.losses import information


def test_a_category_that_is_read_surely_is_worth_all_its_nats_and_a_blind_guess_nothing():
    category = torch.arange(7) % 4
    sure = 100 * torch.nn.functional.one_hot(category, 4).float()
    assert float(information.of_category(sure, category)) == pytest.approx(math.log(4))
    assert float(information.of_category(torch.zeros(7, 4), category)) == pytest.approx(0)
    # half of it: two values are told apart from the other two, no more
    pairs = 100 * torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 1]])[category // 2]
    assert float(information.of_category(pairs, category)) == pytest.approx(math.log(2))


def test_numbers_are_worth_what_a_normal_of_deviation_1_says():
    code = torch.rand(5, 2) * 2 - 1
    best = 2 * (math.log(2) - 0.5 * math.log(2 * math.pi))
    assert float(information.of_uniform(code, code)) == pytest.approx(best)
    off = information.of_uniform(code + torch.tensor([1.0, 2.0]), code)
    assert float(off) == pytest.approx(best - (1 + 4) / 2)


def test_the_gradient_is_that_of_the_squared_error():
    mean, code = torch.zeros(4, 3, requires_grad=True), torch.rand(4, 3)
    information.of_uniform(mean, code).backward()
    torch.testing.assert_close(mean.grad, code / 4)


def test_bfloat16_is_read_in_full_precision():
    logits = torch.tensor([[3.0, 0.1]], dtype=torch.bfloat16)
    found = information.of_category(logits, torch.tensor([0]))
    assert found.dtype == torch.float32
