"""Folders of pictures with captions, in a table or beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from liangyi import data, fields
from liangyi.core.batch import Captioned
from liangyi.core.errors import UserError

COLOURS = {"a": (255, 0, 0), "b": (0, 255, 0), "c": (0, 0, 255)}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (8, 8), colour).save(place / f"{name}.png")
    return place


def served(path: Path, split: str = "train", **settings: object) -> list[tuple[list[int], str]]:
    """Return colour and caption of each item, in the order of the data."""
    source = data.choose(str(path), **settings)
    found = source.split(split)
    assert isinstance(found, data.Dataset)
    batch = found.batch(Captioned, torch.arange(len(found)), value_range=(0.0, 255.0))
    lines = fields.lines(found.spec["caption"], batch.caption)
    return list(zip(batch.image[:, :, 0, 0].int().tolist(), lines, strict=True))


@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_table_names_pictures_and_says_what_they_show(folder: Path, separator: str) -> None:
    rows = [("b.png", "Green, of course!"), ("a.png", "red"), ("c.png", "so blue")]
    lines = [("file", "caption"), *((name, f'"{said}"') for name, said in rows)]
    name = "captions.csv" if separator == "," else "captions.tsv"
    (folder / name).write_text("\n".join(separator.join(line) for line in lines))
    assert served(folder) == [
        ([255, 0, 0], "red"), ([0, 255, 0], "green of course"), ([0, 0, 255], "so blue"),
    ]  # fmt: skip


def test_texts_beside_pictures_and_pictures_without(folder: Path) -> None:
    (folder / "a.txt").write_text("a red square\n")
    (folder / "c.txt").write_text("a blue square\n")
    assert [line for _, line in served(folder)] == ["a red square", "a blue square"]
    assert served(folder)[1][0] == [0, 0, 255]  # breaks when captions move up by one
    assert "1 picture without a caption, left out" in data.choose(str(folder)).findings()


def test_captions_are_not_told_as_ignored_files(folder: Path) -> None:
    # breaks when every file that is no picture counts, those that were read among them
    for name in ("a", "b"):
        (folder / f"{name}.txt").write_text("a square\n")
    (folder / "notes.md").write_text("mine")
    assert "1 other file ignored" in data.choose(str(folder), min_count=1).findings()
    (folder / "captions.csv").write_text("file,caption\na.png,red\n")  # now texts are not looked at
    assert "3 other files ignored" in data.choose(str(folder), min_count=1).findings()


def test_a_caption_of_two_lines_in_a_table_keeps_its_words_apart(folder: Path) -> None:
    # breaks when the table is cut at line ends before its quotes are read: "a redsquare"
    (folder / "captions.csv").write_text('file,caption\na.png,"a red\nsquare"\nc.png,blue\n')
    assert [line for _, line in served(folder)] == ["a red square", "blue"]


def test_a_caption_is_not_cut_at_its_comma(folder: Path) -> None:
    # breaks when "a red, bright square" is learned from as "a red", and nobody is told
    (folder / "captions.csv").write_text("file,caption\na.png,a red, bright square\n")
    with pytest.raises(UserError, match=r"line 2: more columns .* quotes around a caption with a"):
        served(folder)
    (folder / "captions.csv").write_text("file,caption\na.png,a red square,\n")
    assert served(folder) == [([255, 0, 0], "a red square")]


def test_texts_may_be_called_as_on_other_systems(folder: Path) -> None:
    # breaks when the folder is taken for one with captions, and none of them is found
    (folder / "a.TXT").write_text("a red square\n")
    assert served(folder) == [([255, 0, 0], "a red square")]


def test_a_broken_picture_moves_no_caption(folder: Path) -> None:
    (folder / "b.png").write_bytes(b"no picture")
    for name in COLOURS:
        (folder / f"{name}.txt").write_text(f"this is {name}")
    assert served(folder) == [([255, 0, 0], "this is a"), ([0, 0, 255], "this is c")]


def test_of_several_captions_one_is_drawn_at_each_look(folder: Path) -> None:
    for name in COLOURS:
        (folder / f"{name}.txt").write_text(f"first {name}\nsecond {name}\nthird {name}\n")
    source = data.choose(str(folder))
    found, field = source.split("train"), source.spec()["caption"]
    assert found is not None
    seen: dict[str, set[str]] = {}
    for number in range(40):
        batch = found.collated(Captioned, found.rows(0, number, 3, slice(0, 3)), "cpu", (0, 255))
        for pixel, line in zip(batch.image[:, :, 0, 0], fields.lines(field, batch.caption),
                               strict=True):  # fmt: skip
            seen.setdefault("abc"[int(pixel.argmax())], set()).add(line)
    assert seen == {c: {f"{nth} {c}" for nth in ("first", "second", "third")} for c in "abc"}


def test_held_out_pictures_have_the_vocabulary_of_training(folder: Path) -> None:
    for split, names in {"train": "ab", "test": "c"}.items():
        (folder / split).mkdir()
        for name in names:
            (folder / f"{name}.png").rename(folder / split / f"{name}.png")
    lines = ["file,caption", "train/a.png,one red", "train/b.png,one green", "test/c.png,one blue"]
    (folder / "captions.csv").write_text("\n".join(lines))
    assert [line for _, line in served(folder)] == ["one red", "one green"]
    assert [line for _, line in served(folder, "test")] == ["one <unk>"]


def test_the_content_is_named_by_its_captions_too(folder: Path) -> None:
    (folder / "a.txt").write_text("red")
    first = data.choose(str(folder)).fingerprint("train")
    (folder / "a.txt").write_text("blue")
    assert data.choose(str(folder)).fingerprint("train") != first


def test_what_is_no_table_is_told_in_one_line(folder: Path) -> None:
    table = folder / "captions.csv"
    table.write_text("name of it;words\na.png;red")
    with pytest.raises(UserError, match="wants the columns `file` and `caption`"):
        served(folder)
    table.write_bytes(b"file,caption\na.png,\xff\xfe\xff")
    with pytest.raises(UserError, match="no UTF-8 text"):
        served(folder)
    table.write_text("file,caption\nd.png,purple")
    with pytest.raises(UserError, match=r"no picture in .* has a caption"):
        served(folder)
    table.write_text("file,caption\na.png,red")
    with pytest.raises(UserError, match="no word occurs so often"):
        served(folder, min_count=2)


def test_pictures_without_any_captions_are_a_plain_folder(folder: Path) -> None:
    assert type(data.choose(str(folder))).__name__ == "Folder"
