"""Measures of word vectors on vectors whose meaning is known."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import one_hot

from liangyi.core.errors import UserError
from liangyi.metrics.embeddings import analogy_accuracy, similarity_correlation


def fan(*degrees: float) -> torch.Tensor:
    """Return vectors at these angles, each of another length."""
    angle = torch.deg2rad(torch.tensor(degrees))
    return torch.stack([angle.cos(), angle.sin()], 1) * torch.arange(1, len(angle) + 1)[:, None]


def test_spearman_of_a_worked_example():
    # 1 - 6 sum d^2 / (n (n^2 - 1)) with ranks 1 2 3 4 5 against 2 1 4 3 5: d^2 sums to 4
    vectors = fan(0, 80, 60, 40, 20, 10)
    pairs = torch.tensor([[0, 1], [0, 2], [0, 3], [0, 4], [0, 5]])
    human = torch.tensor([2.0, 1, 4, 3, 5])
    assert similarity_correlation(vectors, pairs, human) == pytest.approx(1 - 24 / 120)


def test_lengths_of_vectors_do_not_count():
    # breaks with inner products: frequent words have long vectors
    vectors, pairs = fan(0, 10, 50, 90), torch.tensor([[0, 1], [0, 2], [0, 3]])
    human = torch.tensor([9.0, 5, 1])
    assert similarity_correlation(vectors, pairs, human) == pytest.approx(1)
    stretched = vectors * torch.tensor([[1.0], [0.01], [100], [1000]])
    assert similarity_correlation(stretched, pairs, human) == pytest.approx(1)
    assert similarity_correlation(stretched, pairs, -human) == pytest.approx(-1)


def test_any_rising_scale_of_judgements_will_do_and_equal_ones_share_a_rank():
    # breaks with Pearson's correlation, or with ranks by the order of appearance
    vectors = fan(0, 10, 50, 90, 90)
    vectors[4] = vectors[3]
    pairs = torch.tensor([[0, 1], [0, 2], [0, 3], [0, 4]])
    human = torch.tensor([1000.0, 3, 1, 1])
    assert similarity_correlation(vectors, pairs, human) == pytest.approx(1)
    assert similarity_correlation(vectors, pairs[[3, 2, 1, 0]], human.flip(0)) == pytest.approx(1)


# man, woman, king, queen, apple: axes are royal, female, fruit
WORDS = torch.tensor([[0.1, -1, 0], [0.1, 1, 0], [1.0, -1, 0], [1.0, 1, 0], [0, 0, 1.0]])


def test_man_is_to_woman_as_king_is_to_queen():
    assert analogy_accuracy(WORDS, torch.tensor([[0, 1, 2, 3]])) == 1
    # the other sign, a - b + c, looks for what is manlier than a king
    assert analogy_accuracy(WORDS, torch.tensor([[0, 1, 2, 3], [0, 1, 2, 4]])) == 0.5
    assert analogy_accuracy(WORDS, torch.tensor([[1, 0, 2, 3]])) < 1


def test_the_three_given_words_are_no_answers():
    # b - a + c is nearest to c itself whenever a and b are near: the usual case
    vectors = torch.tensor([[1.0, 0, 0], [0.9, 0.1, 0], [0, 0, 1.0], [0, 0.4, 1.0]])
    question = torch.tensor([[0, 1, 2, 3]])
    aim = torch.nn.functional.normalize(vectors)
    aim = aim[1] - aim[0] + aim[2]
    assert torch.nn.functional.cosine_similarity(vectors, aim[None]).argmax() == 2
    assert analogy_accuracy(vectors, question) == 1


def test_vectors_are_brought_to_length_one_before_they_are_added():
    # breaks when one long vector decides the direction, or a long candidate wins by its length
    words = torch.cat([WORDS, torch.tensor([[0.05, 1, 0]])])  # and "lady", more female than royal
    for lengths in ([50.0, 1, 1, 1, 1, 1], [1.0, 1, 1, 1, 1, 50]):
        stretched = words * torch.tensor(lengths)[:, None]
        assert analogy_accuracy(stretched, torch.tensor([[0, 1, 2, 3]])) == 1


def test_many_questions_are_asked_in_parts(monkeypatch):
    # breaks when the last part is lost or weighs as much as a full one
    monkeypatch.setattr("liangyi.metrics.embeddings._CHUNK", 15)
    questions = torch.tensor([[0, 1, 2, 3]] * 4 + [[0, 1, 2, 4]] * 3)
    assert analogy_accuracy(WORDS, questions) == pytest.approx(4 / 7)


def test_mistakes_are_one_line():
    vectors = one_hot(torch.arange(4)).float()
    with pytest.raises(UserError, match="1 pairs with 1 judgements"):
        similarity_correlation(vectors, torch.tensor([[0, 1]]), torch.tensor([1.0]))
    with pytest.raises(UserError, match="one judgement for each"):
        similarity_correlation(vectors, torch.tensor([[0, 1], [1, 2]]), torch.tensor([1.0]))
    with pytest.raises(UserError, match="no analogies"):
        analogy_accuracy(vectors, torch.zeros(0, 4, dtype=torch.int64))
