"""Sentences: numbers of words, told apart by the places at which they differ."""

from __future__ import annotations

import pytest
import torch

from liangyi import fields
from liangyi.core.errors import UserError
from liangyi.core.spec import Vector, Words
from liangyi.fields import words as module

CPU = torch.device("cpu")


def test_sentences_are_stored_as_they_are_and_stay_whole_numbers() -> None:
    token = torch.tensor([[0, 2], [1, 1]])
    field = Words(2, 3)
    assert fields.scaled(field, token, (-1, 1)) is token
    assert torch.equal(fields.stored(field, token, (-1, 1)), token)
    example = fields.example(field, 4, CPU)
    assert example.shape == (4, 2) and example.dtype == torch.int64
    assert fields.inside(field, example, (-1, 1)) and fields.inside(field, token, (-1, 1))


def test_padding_is_none_of_the_common_words() -> None:
    facts = fields.facts(Words(3, ("", "<unk>", "a")), torch.tensor([[2, 0, 0], [2, 2, 0]]))
    assert facts["most common"] == {"a": 3} and facts["used"] == 1


def test_what_is_no_sentence_of_that_language_is_outside() -> None:
    field = Words(2, 3)
    for wrong in ([[0, 3]], [[-1, 0]], [[0, 1, 2]], [[0.0, 1.0]]):
        assert not fields.inside(field, torch.tensor(wrong), (-1, 1))
    assert not fields.continuous(field)  # no slope between two words: no gradient penalty


def test_distances_count_the_places_that_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    # breaks when word 90 is taken to be farther from word 1 than word 2 is
    field, dice = Words(5, 90), torch.Generator().manual_seed(0)
    one = torch.randint(90, (7, 5), generator=dice)
    other = torch.cat([one[:3].roll(1, 1), torch.randint(90, (6, 5), generator=dice)])
    wanted = torch.tensor([[sum(a != b for a, b in zip(x, y, strict=True)) for y in other.tolist()]
                           for x in one.tolist()])  # fmt: skip
    assert torch.equal(fields.distances(field, one, other), wanted.float())
    assert fields.distances(field, one, one).diagonal().tolist() == [0] * 7
    monkeypatch.setattr(module, "_BLOCK", 50)  # one row at a time
    assert torch.equal(fields.distances(field, one, other), wanted.float())


def test_lines_are_aligned_by_the_vocabulary() -> None:
    # by the vocabulary, not the batch: parts of one file are written apart
    lines = fields.lines(Words(2, 400), torch.tensor([[1, 22], [333, 4]]))
    assert lines == ["  1  22", "333   4"]
    assert fields.lines(Words(2, 400), torch.tensor([[1, 2]])) == ["  1   2"]


def test_known_words_are_written_out() -> None:
    assert fields.lines(Words(2, ("the", "cat")), torch.tensor([[0, 1]])) == ["the cat"]
    assert fields.lines(Words(3, ("1", "+", "2")), torch.tensor([[0, 1, 2]])) == ["1+2"]


def test_a_sentence_ends_where_it_is_padded() -> None:
    # breaks when padding in the middle of a damaged row is taken for a word
    text = Words(4, ("", "<unk>", "a", "b"))
    rows = torch.tensor([[2, 3, 0, 0], [2, 2, 2, 3], [0, 0, 0, 0], [2, 0, 3, 0]])
    assert module.sentences(text, rows) == [[2, 3], [2, 2, 2, 3], [], [2]]
    assert text.end == 0 and Words(4, 4).end is None and Words(2, ("a", "b")).end is None
    assert module.sentences(Words(4, 4), rows) == rows.tolist()


def test_sheets_are_listings_as_long_as_their_sentences_with_captions() -> None:
    def sheet(length: int, captions: tuple[str, ...] = ()):
        items = torch.randint(7, (5, length))
        return fields.sheet(Words(length, 7), items, (0, 1), None, captions)

    short, long = sheet(2), sheet(9)
    assert long.width > short.width and long.height == short.height
    assert len(short.getcolors() or []) > 2  # something is written
    assert sheet(2, ("question",) * 5).width > short.width


def test_long_listings_make_no_endless_pictures() -> None:
    picture = fields.sheet(Words(9000, 9), torch.randint(9, (500, 9000)), (0.0, 1.0))
    assert picture.width < 3000 and picture.height < 3000


def test_what_is_typed_is_read_as_it_is_written() -> None:
    letters, words = Words(4, (" ", "+", "1", "2")), Words(2, ("the", "cat", "sat"))
    items = fields.typed(letters, ["1+2", "2", "1+22"])
    assert items.tolist() == [[2, 1, 3, 0], [3, 0, 0, 0], [2, 1, 3, 3]]
    assert fields.lines(letters, items) == ["1+2 ", "2   ", "1+22"]
    assert fields.typed(words, ["the cat", " sat  the"]).tolist() == [[0, 1], [2, 0]]
    assert fields.typeable(letters) and fields.typeable(words)
    assert not fields.typeable(Words(2, 400)) and not fields.typeable(Vector(2))


def test_where_one_word_stands_for_all_others_people_type_as_they_like() -> None:
    field = Words(4, ("", "<unk>", "a", "red", "seven"))
    items = fields.typed(field, ["A RED seven!", "a purple seven", "seven"])
    assert items.tolist() == [[2, 3, 4, 0], [2, 1, 4, 0], [4, 0, 0, 0]]
    assert fields.lines(field, items) == ["a red seven", "a <unk> seven", "seven"]


def test_what_is_typed_is_cut_as_the_texts_were() -> None:
    # breaks when "heart-eyes" is asked for as one word, where captions were learned from as two
    field = Words(5, ("", "<unk>", "heart", "eyes", "it's", "a"))
    items = fields.typed(field, ["heart-eyes", "It's a Heart & eyes", "eyes/heart, a"])
    assert items.tolist() == [[2, 3, 0, 0, 0], [4, 5, 2, 3, 0], [3, 2, 5, 0, 0]]
    with pytest.raises(UserError, match="has 6 words; at most 5 fit"):
        fields.typed(field, ["a-a a-a a-a"])
    whole = Words(3, ("", "<unk>", "heart-eyes", "."))  # a text that was cut at blanks alone
    assert fields.typed(whole, ["heart-eyes ."]).tolist() == [[2, 3, 0]]


@pytest.mark.parametrize(
    ("field", "text", "complaint"),
    [
        (Words(3, (" ", "1", "+")), "1x", r"unknown symbol 'x'; there are: 1, \+"),
        (Words(3, (" ", "1", "+")), "1+11", "'1\\+11' has 4 symbols; at most 3 fit"),
        (Words(3, (" ", "1", "+")), "", "'' has 0 symbols"),
        (Words(2, ("the", "cat")), "the dog", "unknown word 'dog'"),
        (Words(2, ("the", "cat")), "cat", "'cat' has 1 word; 2 fit"),
        (
            Words(4, ("", "<unk>", "a", "red")),
            "dog ... cat",
            "no word of 'dog ... cat' is known; there are: a, red",
        ),
        (Words(4, ("", "<unk>", "a", "red")), "<unk>", "no word of '<unk>' is known"),
        (Words(2, 400), "12 7", "words have numbers here"),
        (Vector(2), "1 2", "1 2 holds no points of 2"),
    ],
)
def test_what_cannot_be_read_is_one_line(field, text, complaint) -> None:
    with pytest.raises(UserError, match=complaint):
        fields.typed(field, [text])
