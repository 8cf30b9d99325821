"""`liangyi look DATA`, as people type it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from liangyi.session import beginning


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(beginning, "seconds_a_step", lambda *args: 0.1)


def photos(place, count=12):
    place.mkdir()
    for seed in range(count):
        rough = np.random.RandomState(seed).randint(0, 256, (8, 8, 3)).astype(np.uint8)
        image = Image.fromarray(rough).resize((90 + seed, 80), Image.Resampling.BICUBIC)
        image.save(place / f"{seed}.png")
    (place / "broken.jpg").write_bytes(b"nothing")
    return place


def test_a_folder_is_told_in_lines(say, tmp_path, left):
    photos(tmp_path / "photos")
    answer = say("look photos -o sheet.png")
    assert answer.code == 0 and not answer.err
    lines = dict(line.split(maxsplit=1) for line in answer.out.splitlines() if line[0] != " ")
    assert lines["pictures"].startswith("12: 12 in colour; 0 held out")
    assert lines["sizes"].startswith("12, from 90x80 to 101x80; most common 90x80 (1); 12 wider")
    assert lines["broken"].startswith("1: broken.jpg (not a picture")
    assert "--size 64 --batch-size 3 --augment diffaugment" in lines["begin"]
    assert lines["time"].startswith("10 min here")
    with Image.open(tmp_path / "sheet.png") as drawn:
        assert drawn.size[0] > 200
    assert left() == {"photos", "sheet.png"}  # nothing is trained or kept


def test_the_command_that_is_shown_can_be_typed(say, tmp_path):
    photos(tmp_path / "photos")
    out = say("look photos").out
    shown = next(line for line in out.splitlines() if line.startswith("begin with"))
    words = shown.removeprefix("begin with").strip().removeprefix("liangyi ")
    answer = say(f"{words} --width 4 --latent 4 --steps 2 --device cpu")
    assert answer.code == 0, answer.err


def test_scripts_read_everything(say, tmp_path):
    photos(tmp_path / "photos")
    found = json.loads(say("look photos --json").out)
    assert found["pictures"]["pictures"] == 12 and found["begin"]["steps"] == 6000
    assert found["pictures"]["unreadable"][0][0] == "broken.jpg"
    points = np.zeros((5, 2), np.float32)
    points[3] = np.nan
    np.save(tmp_path / "points.npy", points)
    found = json.loads(say("look points.npy --json").out)
    assert found["begin"] is None and found["fields"]["the array"]["not finite"] == 1
    assert "not finite 1" in say("look points.npy").out


def test_settings_of_the_data_may_be_said(say):
    out = say("look digits --size 16").out
    assert "--data digits --size 16" in out and "all 16x16" in out


def test_a_file_of_another_kind_is_not_called_a_picture(say, tmp_path):
    # breaks when a table of a spreadsheet is said to have the name of a picture
    for name, said in (("table.xlsx", "(not a picture)"), ("a.png", "whatever its name says")):
        (tmp_path / name).write_text("user,item")
        assert said in say(f"look {name}").complaint


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("look", "wants a folder of pictures"),
        ("look nowhere/at/all", "there is no file and no folder at nowhere"),
        ("look digist", "did you mean digits"),
        ("look digits -o sheet.html", "--out: should be a picture"),
        ("look digits --vocabulary 3", "unknown option --vocabulary"),
        ("look .", "has no pictures"),
    ],
)
def test_mistakes_are_one_line(say, line, said):
    assert said in say(line).complaint
