"""The oracle's language: its own prices, computed a second way, and who is priced how."""

from __future__ import annotations

import math
from functools import cache

import pytest
import torch
from torch import nn

from liangyi.core import capacity
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec, Words
from liangyi.data import choose
from liangyi.data.text.oracle import Oracle, OracleConfig

WORDS, LENGTH = 30, 6


@cache
def oracle(vocabulary: int = WORDS) -> Oracle:
    return Oracle(OracleConfig(vocabulary=vocabulary, length=LENGTH))


@cache
def sentences(split: str = "train") -> torch.Tensor:
    return oracle().items(split)["token"]


@torch.no_grad()
def log_law(language: Oracle, token: torch.Tensor) -> torch.Tensor:
    """Return log p(every word | words before) [N L V], from PyTorch's LSTM over whole sentences."""
    lstm = nn.LSTM(32, 32, batch_first=True)
    for name, weight in language.cell.named_parameters():
        getattr(lstm, f"{name}_l0").copy_(weight)
    before = torch.cat([torch.zeros(len(token), 1, dtype=torch.long), token[:, :-1]], 1)
    hidden, _ = lstm(language.embedding(before))
    return language.output(hidden).log_softmax(-1)


def test_a_language_is_a_function_of_its_settings():
    state = torch.get_rng_state()
    again = Oracle(OracleConfig(vocabulary=WORDS, length=LENGTH))
    assert torch.equal(again.items("train")["token"], sentences())
    assert torch.equal(torch.get_rng_state(), state)
    assert again.fingerprint("train") == oracle().fingerprint("train")
    other = oracle(WORDS + 1)
    assert not torch.equal(other.items("train")["token"], sentences())
    assert other.fingerprint("train") != oracle().fingerprint("train")


def test_it_is_chosen_by_its_name_and_settings():
    data = choose("oracle", vocabulary=WORDS, length=LENGTH).split("test")
    assert data.spec == Spec("token", token=Words(LENGTH, WORDS))
    assert torch.equal(data.columns["token"], sentences("test"))
    assert data.truth(sentences("test")) == oracle().truth(sentences("test"))


def test_train_and_test_are_one_language_and_different_sentences():
    train, test = sentences("train"), sentences("test")
    assert train.shape == test.shape == (10_000, LENGTH)
    assert float((train == test).all(1).float().mean()) < 0.1
    assert oracle().fingerprint("train") != oracle().fingerprint("test")
    assert train.min() == 0 and train.max() < WORDS


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
    token = sentences("test")[:200]
    law = log_law(oracle(), token)
    wanted = -float(law.gather(2, token[..., None]).mean())
    assert oracle().truth(token)["oracle_nll"] == pytest.approx(wanted, rel=1e-4)


def test_the_price_of_its_own_sentences_is_the_languages_entropy():
    # breaks when sentences are drawn from another law than they are priced by
    token = sentences("train")
    law = log_law(oracle(), token)
    entropy = -float((law.exp() * law).sum(-1).mean())
    own = [oracle().truth(sentences(split))["oracle_nll"] for split in ("train", "test")]
    assert own == pytest.approx([entropy] * 2, abs=0.03)
    assert entropy < 0.8 * math.log(WORDS)


def test_writers_that_know_nothing_pay_dearly():
    uniform = torch.randint(WORDS, (2000, LENGTH), generator=torch.Generator().manual_seed(0))
    own = oracle().truth(sentences("test"))["oracle_nll"]
    assert oracle().truth(uniform)["oracle_nll"] > own + 2
    # the right words in the wrong order
    shuffled = sentences("test").flip(1)
    assert oracle().truth(shuffled)["oracle_nll"] > own + 0.5
    # and another language's sentences
    foreign = oracle(WORDS - 1).items("train")["token"]
    assert oracle().truth(foreign)["oracle_nll"] > own + 1


def test_a_language_that_no_memory_holds_is_refused_first(monkeypatch):
    monkeypatch.setattr(capacity, "free", lambda: 10**9)
    with pytest.raises(UserError, match=r"would take .* of memory, of which 1 GB are free"):
        Oracle(OracleConfig(vocabulary=50_000, length=20))
    for huge in ({"vocabulary": 10**12}, {"length": 10**12}):
        monkeypatch.undo()
        with pytest.raises(UserError, match="would take"):
            Oracle(OracleConfig(**huge))
