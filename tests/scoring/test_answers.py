"""Answers to held-out questions: shares of symbols and of whole answers, of all and of parts."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import one_hot

from liangyi.metrics.error import of_mean, of_share
from liangyi.scoring import score
from liangyi.zoo.sequences.addition_rnn import AdditionRNN

from .conftest import named


@pytest.fixture
def run(run_of):
    return run_of("addition-rnn")


@pytest.fixture
def columns(run):
    return run.source().split("test").columns


def table(columns):
    """Return question -> right answer."""
    questions = columns["question"].tolist()
    return {tuple(q): a for q, a in zip(questions, columns["answer"], strict=True)}


def plant(monkeypatch, columns, spoil):
    """Let the model know every answer by heart, then spoil some."""
    known = table(columns)

    def forward(self, question):
        right = torch.stack([known[tuple(row)] for row in question.tolist()])
        return 9.0 * one_hot(spoil(question, right.clone()), 12)

    monkeypatch.setattr(AdditionRNN, "forward", forward)


def test_who_knows_all_is_right_about_all(run, columns, monkeypatch):
    plant(monkeypatch, columns, lambda question, right: right)
    found = named(score(run, 20))
    assert found["accuracy"].value == found["exact_match"].value == 1
    assert found["exact_match"].real == len(columns["answer"]) == 40
    assert found["exact_match"].error == pytest.approx(of_share(1, 40))
    assert {"exact_match_carries_0", "exact_match_length_2", "loss"} <= found.keys()
    parts = [card.real for name, card in found.items() if name.startswith("exact_match_carries")]
    assert sum(parts) == 40


def test_one_wrong_symbol_is_one_wrong_answer(run, columns, monkeypatch):
    def spoil(question, right):
        right[:, 0] = torch.where(question[:, 1] == 1, (right[:, 0] + 1) % 12, right[:, 0])
        return right  # wrong where the first number has one digit

    plant(monkeypatch, columns, spoil)
    found = named(score(run, 20))
    wrong = (columns["question"][:, 1] == 1).float()
    assert 0 < wrong.mean() < 1
    assert found["exact_match"].value == pytest.approx(1 - float(wrong.mean()))
    assert found["accuracy"].value == pytest.approx(1 - float(wrong.mean()) / 3)
    assert found["accuracy"].error == pytest.approx(of_mean(1 - wrong / 3), rel=1e-4)
    carries = run.source().strata(columns)["carries"]
    for value in carries.unique().tolist():
        share = 1 - float(wrong[carries == value].mean())
        assert found[f"exact_match_carries_{value}"].value == pytest.approx(share)


def test_what_can_be_guessed_stands_beside_it(run, columns):
    train = run.source().split("train").columns["answer"]
    guess = torch.stack([row.bincount().argmax() for row in train.T])
    share = float((columns["answer"] == guess).float().mean())
    assert f"{share:.3f} without the question" in named(score(run, 20))["accuracy"].about
