"""BLEU against worked examples, nltk (what Texygen calls) and torchmetrics."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics import text


def bleu(sentences: Tensor, references: Tensor, order: int = 4) -> float:
    return float(text.bleu(sentences.tolist(), references.tolist(), order).mean())


def self_bleu(sentences: Tensor, order: int = 4) -> float:
    return float(text.self_bleu(sentences.tolist(), order).mean())


def written(count: int, length: int, words: int, seed: int) -> Tensor:
    return torch.randint(words, (count, length), generator=torch.Generator().manual_seed(seed))


def tokens(*sentences: str) -> Tensor:
    words = sorted({word for sentence in sentences for word in sentence.lower().split()})
    return torch.tensor([[words.index(w) for w in s.lower().split()] for s in sentences])


def by_nltk(sentences: list[list[int]], references: list[list[list[int]]], order: int) -> float:
    """Texygen's utils/metrics/Bleu.py and SelfBleu.py: the mean of smoothed sentence BLEU."""
    score = pytest.importorskip("nltk.translate.bleu_score")
    smooth = score.SmoothingFunction().method1
    weights = tuple(1 / order for _ in range(order))
    found = [
        score.sentence_bleu(those, sentence, weights, smoothing_function=smooth)
        for sentence, those in zip(sentences, references, strict=True)
    ]
    return sum(found) / len(found)


def test_papineni_s_example_of_a_word_said_too_often():
    # Papineni et al. 2002, section 2.1: 2/7, where unclipped precision is 7/7
    both = tokens("the the the the the the the", "there is a cat on the mat")
    assert bleu(both[:1], both[1:], order=1) == pytest.approx(1 / 7)
    first, second = tokens("the the the the the the", "the cat is on the mat")
    assert bleu(first[None], second[None], order=1) == pytest.approx(2 / 6)


def test_an_n_gram_counts_as_often_as_in_the_reference_that_has_it_most():
    # breaks when counts of references are added up: then it would be 3/3
    sentences = torch.tensor([[7, 7, 7]])
    references = torch.tensor([[7, 7, 1], [7, 2, 3], [4, 5, 6]])
    assert bleu(sentences, references, order=1) == pytest.approx(2 / 3)


def test_a_short_sentence_pays_for_its_length():
    # breaks without the brevity penalty exp(1 - 6 / 3)
    found = bleu(torch.tensor([[1, 2, 3]]), torch.tensor([[1, 2, 3, 4, 5, 6]]), order=2)
    assert found == pytest.approx(torch.e**-1)
    assert bleu(torch.tensor([[1, 2, 3, 4]]), torch.tensor([[2, 3]]), order=1) == 0.5


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("words", [3, 12, 200])
def test_bleu_is_what_texygen_measures(order, words):
    # few words: every n-gram is there; many: whole orders have no match and are smoothed
    sentences, references = written(20, 9, words, 0), written(30, 11, words, 1)
    plain = sentences.tolist(), [references.tolist()] * len(sentences)
    assert bleu(sentences, references, order) == pytest.approx(by_nltk(*plain, order), abs=1e-6)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
@pytest.mark.parametrize("words", [3, 12, 200])
def test_self_bleu_leaves_each_sentence_out_of_its_own_references(order, words):
    # breaks when it stays in: everything would be 1
    sentences = written(25, 10, words, 2)
    sentences[1] = sentences[0]  # a copy counts for the other
    plain = sentences.tolist()
    others = [plain[:row] + plain[row + 1 :] for row in range(len(plain))]
    wanted = by_nltk(plain, others, order)
    assert self_bleu(sentences, order) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_sentences_of_unequal_length_are_what_nltk_says(order):
    # breaks without the nearest length of a reference, or with short sentences of lower order
    rows = [words[: 2 + row % 7] for row, words in enumerate(written(20, 9, 6, 8).tolist())]
    references = [words[: 4 + row % 6] for row, words in enumerate(written(9, 9, 6, 9).tolist())]
    wanted = by_nltk(rows, [references] * len(rows), order)
    assert float(text.bleu(rows, references, order).mean()) == pytest.approx(wanted, abs=1e-6)
    others = [rows[:row] + rows[row + 1 :] for row in range(len(rows))]
    wanted = by_nltk(rows, others, order)
    assert float(text.self_bleu(rows, order).mean()) == pytest.approx(wanted, abs=1e-6)


def test_a_sentence_without_a_word_shares_nothing():
    assert text.bleu([[], [1, 2]], [[1, 2]], 1).tolist() == [0.0, 1.0]


def test_one_sentence_has_the_corpus_bleu_of_torchmetrics():
    # where nothing is smoothed and there is one sentence, all definitions agree
    other = pytest.importorskip("torchmetrics.functional.text")
    sentence, references = written(1, 20, 4, 3), written(8, 20, 4, 4)
    lines = [" ".join(map(str, words)) for words in references.tolist()]
    said = " ".join(map(str, sentence[0].tolist()))
    wanted = other.bleu_score([said], [lines], n_gram=3).item()
    assert 0 < wanted < 1
    assert bleu(sentence, references, order=3) == pytest.approx(wanted, abs=1e-6)


def test_ends_of_the_scale():
    sentences = written(6, 8, 50, 5)
    assert bleu(sentences, sentences) == pytest.approx(1)
    assert bleu(sentences, sentences + 50) == 0
    assert self_bleu(sentences[:1].repeat(5, 1)) == pytest.approx(1)


def test_five_hundred_against_five_hundred():
    # breaks (by the time limit of the test run) when the references are counted for each sentence
    sentences, references = written(500, 20, 5000, 6), written(500, 20, 5000, 7)
    assert 0 < bleu(sentences, references, 2) < self_bleu(torch.cat([sentences, sentences]), 2)


def test_mistakes_are_one_line():
    with pytest.raises(UserError, match="no 4-grams"):
        bleu(written(2, 3, 5, 0), written(2, 3, 5, 0))
    with pytest.raises(UserError, match="no 0-grams"):
        self_bleu(written(2, 3, 5, 0), 0)
    with pytest.raises(UserError, match="give no BLEU"):
        self_bleu(written(1, 5, 5, 0))
    with pytest.raises(UserError, match="0 sentences against 2"):
        bleu(written(0, 5, 5, 0), written(2, 5, 5, 0))
