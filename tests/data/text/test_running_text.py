"""Texts of one's own: what is a word, what is known of them, and texts that are none."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from liangyi import data, fields
from liangyi.core.errors import UserError
from liangyi.core.spec import Words
from liangyi.data.text import reading


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))


def written(path: Path, text: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def read(path: str, split: str = "train", **settings: object) -> tuple[Words, list[list[int]]]:
    found = data.choose(path, **settings).split(split)
    assert isinstance(found, data.Dataset)
    field, column = found.spec["token"], found.columns["token"]
    assert isinstance(field, Words) and isinstance(column, torch.Tensor)
    return field, column.tolist()


def test_running_text_is_passages_of_its_known_words(tmp_path: Path) -> None:
    text = written(tmp_path / "a.txt", "The cat, the DOG.\n\nA cat's the cat\n" * 300)
    field, rows = read(text, vocabulary=3)
    # equal counts in the order of the alphabet, so that a vocabulary never depends on chance
    assert field.vocabulary == ("", "<unk>", "the", "cat", "a")
    assert field.counts == (0, 600, 900, 600, 300)
    assert (field.length, len(rows)) == (1000, 3)
    flat = [word for row in rows for word in row]
    assert flat[:8] == [2, 3, 2, 1, 4, 1, 2, 3] and flat[2400:] == [0] * 600
    whole = [word for word in flat if word]
    assert [whole.count(number) for number in range(5)] == list(field.counts)


def test_lines_are_sentences_cut_and_padded_to_a_length(tmp_path: Path) -> None:
    text = written(tmp_path / "a.txt", "an ox .\n\n  \nan ox an ox an\nox\n")
    source = data.choose(text, length=3, unit="tokens", min_count=1)
    field, rows = read(text, length=3, unit="tokens", min_count=1)
    assert fields.lines(field, torch.tensor(rows)) == ["an ox .", "an ox an", "ox"]
    assert "1 line of more than 3, cut there" in source.findings()


def test_characters_stand_close(tmp_path: Path) -> None:
    text = written(tmp_path / "a.txt", "秦 川 雄\n秦川\n")
    field, rows = read(text, length=3, unit="characters", min_count=1)
    assert fields.lines(field, torch.tensor(rows)) == ["秦川雄", "秦川"]


def test_a_folder_is_its_texts_and_what_is_held_out_has_the_vocabulary(tmp_path: Path) -> None:
    written(tmp_path / "c" / "train" / "b.txt", "cow dog ")
    written(tmp_path / "c" / "train" / "a.txt", "ape bee ")
    written(tmp_path / "c" / "test.txt", "dog yak ape")
    field, rows = read(str(tmp_path / "c"), min_count=1)
    assert fields.lines(field, torch.tensor(rows)) == ["ape bee cow dog"]
    held_out, others = read(str(tmp_path / "c"), "test", min_count=1)
    assert held_out == field
    assert fields.lines(field, torch.tensor(others)) == ["dog <unk> ape"]
    assert read(str(tmp_path / "c" / "test.txt"), min_count=1)[0] != field


@pytest.mark.parametrize(
    "text", ["no\nyes sir\n", "a\r\nb c d", "\ufeffno\nthe cat sat", "no\ryes sir\r"]
)
def test_short_first_lines_and_last_ones_without_an_end_are_lines(
    tmp_path: Path, text: str
) -> None:
    # breaks when what is looked at for a byte order mark joins the next line, or a last word is
    # held back as if more of its line followed
    reader = reading.Reader(reading.listed(Path(written(tmp_path / "a.txt", text))), "tokens")
    assert list(reader.lines()) == [line.split() for line in text.strip("\ufeff").splitlines()]


def test_a_long_line_is_cut_between_words_whatever_the_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(0)
    words = ["".join(dice.choices("aé雄", k=dice.randint(1, 9))) for _ in range(500)]
    text = written(tmp_path / "a.txt", " ".join(words))
    for part in (13, 64, 2**20):
        monkeypatch.setattr(reading, "_PART", part)
        reader = reading.Reader(reading.listed(Path(text)), "characters")
        assert "".join(map("".join, reader.lines())) == "".join(words) and not reader.findings()
        reader = reading.Reader(reading.listed(Path(text)), "tokens")
        if part > 27:  # no word is longer
            assert [word for line in reader.lines() for word in line] == words


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_lines_end_as_they_do_on_any_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    # breaks when a text of old, whose lines end in \r alone, is one sentence
    dice = random.Random(0)
    lines = [" ".join(dice.choices("abc", k=dice.randint(1, 9))) for _ in range(40)]
    text = written(tmp_path / "a.txt", end.join(lines))
    for part in (20, 2**20):  # no line is longer
        monkeypatch.setattr(reading, "_PART", part)
        reader = reading.Reader(reading.listed(Path(text)), "tokens")
        assert [line for line in reader.lines() if line] == [line.split() for line in lines]


def test_clauses_without_blanks_are_no_words(tmp_path: Path) -> None:
    # breaks when rare clauses of Chinese are to be met by a lower count: each is one word
    dice = random.Random(0)
    lines = ["".join(dice.choices("天地玄黄宇宙洪荒日月", k=9)) + "。" for _ in range(60)]
    text = written(tmp_path / "a.txt", "\n".join(lines))
    with pytest.raises(UserError, match="no blanks between its words") as told:
        data.choose(text).spec()
    assert (told.value.setting, told.value.better) == ("unit", "characters")
    often = written(tmp_path / "b.txt", "\n".join(lines[:3] * 9))
    assert any("100% of these words are clauses" in line for line in data.choose(often).findings())
    apart = written(tmp_path / "c.txt", "\n".join(" ".join(line) for line in lines))
    for fine in (data.choose(text, unit="characters"), data.choose(apart)):
        assert len(fine.findings()) == 1


def test_what_is_no_text_is_no_part_of_a_corpus(tmp_path: Path) -> None:
    # breaks when the last of equal names is taken, whatever it is
    for name in ("train.txt", "train.zip", "train.json", "test.txt", "test.txt.bak", "val.npy"):
        written(tmp_path / name, "a b")
    places = reading.splits(tmp_path)
    assert {part: path.name for part, path in places.items()} == {
        "train": "train.txt", "test": "test.txt"
    }  # fmt: skip
    written(tmp_path / "train" / "a.txt", "a b")
    with pytest.raises(UserError, match=r"has train and train\.txt; leave the one that is meant"):
        data.choose(str(tmp_path)).spec()


def test_memory_does_not_grow_with_the_text(tmp_path: Path) -> None:
    import tracemalloc

    text = written(tmp_path / "a.txt", "one two three four " * 200_000)  # 3.8 MB in one line
    tracemalloc.start()
    data.choose(text).split()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    few = written(tmp_path / "b.txt", "one two three four " * 800_000)
    tracemalloc.start()
    data.choose(few).split()
    assert tracemalloc.get_traced_memory()[1] < 1.2 * peak
    tracemalloc.stop()


def test_a_changed_text_is_read_anew_and_a_damaged_cache_made_again(tmp_path: Path) -> None:
    text = written(tmp_path / "a.txt", "a b a b")
    before = data.choose(text, min_count=1).fingerprint("train")
    assert data.choose(text, min_count=1).fingerprint("train") == before
    entries = list((tmp_path / "cache" / "texts").iterdir())
    assert len(entries) == 1
    (entries[0] / "tokens.int32").write_bytes(b"half")
    assert read(text, min_count=1)[1][0][:5] == [2, 3, 2, 3, 0]
    written(tmp_path / "a.txt", "a b a b c")
    assert data.choose(text, min_count=1).fingerprint("train") != before


def test_bad_bytes_are_told_with_their_file_and_left_out(tmp_path: Path) -> None:
    text = written(tmp_path / "a.txt", b"\xef\xbb\xbfcaf\xe9 caf\xc3\xa9 " * 9)
    assert f"{text}: 9 bytes that are no UTF-8, left out" in data.choose(text).findings()
    assert read(text)[0].vocabulary == ("", "<unk>", "caf", "café")


def test_text8_is_recognised(tmp_path: Path) -> None:
    text = written(tmp_path / "text8", "anarchism originated as a term as a ")
    assert "text8: 36 bytes, not the known one" in data.choose(text, min_count=1).findings()[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no words"),
        (b" \n. !\n", "holds no words"),
        (b"one one one one one one", "holds no words but one that occur 5 times"),
        (b"one two three", "the most frequent one does 1 time; try min_count=1"),
        ("Grüße".encode("utf-16"), "zero bytes; save it as UTF-8"),
        (bytes(range(128, 256)) * 9, r"is no UTF-8 text .*; save it as UTF-8"),
    ],
)
def test_what_is_no_text_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UserError, match=said):
        data.choose(written(tmp_path / "a.txt", content)).spec()


def test_a_folder_of_pictures_stays_one(tmp_path: Path) -> None:
    written(tmp_path / "p" / "README.txt", "about")
    written(tmp_path / "p" / "a.png", b"")
    assert data.find(str(tmp_path / "p")).registered == "folder"
    written(tmp_path / "t" / "deep" / "a.txt", "about")
    assert data.find(str(tmp_path / "t")).registered == "text"
