"""The oracle's language: its own prices, computed a second way, and who is priced how."""

from __future__ import annotations

import math
from functools import cache

import pytest
import torch
from torch import nn

from liangyi.data.oracle import Oracle

WORDS, LENGTH = 30, 6


@cache
def oracle(split: str = "train", seed: int = 0) -> Oracle:
    return Oracle(WORDS, LENGTH, split, seed)


@torch.no_grad()
def log_law(language: Oracle, token: torch.Tensor) -> torch.Tensor:
    """Return log p(every word | words before) [N L V], from PyTorch's LSTM over whole sentences."""
    lstm = nn.LSTM(32, 32, batch_first=True)
    for name, weight in language.cell.named_parameters():
        getattr(lstm, f"{name}_l0").copy_(weight)
    before = torch.cat([torch.zeros(len(token), 1, dtype=torch.long), token[:, :-1]], 1)
    hidden, _ = lstm(language.embedding(before))
    return language.output(hidden).log_softmax(-1)


def test_a_language_is_a_function_of_its_seed():
    state = torch.get_rng_state()
    again = Oracle(WORDS, LENGTH, "train", 0)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(again.columns["token"], oracle().columns["token"])
    assert again.fingerprint == oracle().fingerprint
    other = oracle("train", seed=5)
    assert not torch.equal(other.columns["token"], oracle().columns["token"])
    assert other.fingerprint != oracle().fingerprint


def test_train_and_test_are_one_language_and_different_sentences():
    train, test = oracle("train"), oracle("test")
    assert torch.equal(train.output.weight, test.output.weight)
    assert train.columns["token"].shape == test.columns["token"].shape == (10_000, LENGTH)
    same = (train.columns["token"] == test.columns["token"]).all(1).float().mean()
    assert float(same) < 0.1
    assert train.fingerprint != test.fingerprint
    assert train.columns["token"].min() == 0 and train.columns["token"].max() < WORDS


def test_all_weights_are_standard_normal():
    # breaks with PyTorch's own law: sentences would be nearly uniform
    weights = torch.cat([
        weight.detach().flatten()
        for module in (oracle().embedding, oracle().cell, oracle().output)
        for weight in module.parameters()
    ])  # fmt: skip
    assert float(weights.std()) == pytest.approx(1, abs=0.03)
    assert float(weights.mean()) == pytest.approx(0, abs=0.04)


def test_prices_are_the_exact_probabilities_of_its_own_network():
    # breaks when a word is priced from the state behind it, or sentences are summed
    token = oracle("test").columns["token"][:200]
    law = log_law(oracle(), token)
    wanted = -float(law.gather(2, token[..., None]).mean())
    assert oracle().judge(token)["oracle_nll"] == pytest.approx(wanted, rel=1e-4)


def test_the_price_of_its_own_sentences_is_the_languages_entropy():
    # breaks when sentences are drawn from another law than they are priced by
    token = oracle("train").columns["token"]
    law = log_law(oracle(), token)
    entropy = -float((law.exp() * law).sum(-1).mean())
    own = [oracle().judge(oracle(split).columns["token"])["oracle_nll"]
           for split in ("train", "test")]  # fmt: skip
    assert own == pytest.approx([entropy] * 2, abs=0.03)
    assert entropy < 0.8 * math.log(WORDS)


def test_writers_that_know_nothing_pay_dearly():
    uniform = torch.randint(WORDS, (2000, LENGTH), generator=torch.Generator().manual_seed(0))
    own = oracle().judge(oracle("test").columns["token"])["oracle_nll"]
    assert oracle().judge(uniform)["oracle_nll"] > own + 2
    # the right words in the wrong order
    shuffled = oracle("test").columns["token"].flip(1)
    assert oracle().judge(shuffled)["oracle_nll"] > own + 0.5
    # and another language's sentences
    foreign = oracle("train", seed=5).columns["token"]
    assert oracle().judge(foreign)["oracle_nll"] > own + 1
