"""Cards: what comes back from a file is what went in, and what must not meet does not."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scipy.stats import t

from liangyi.core.errors import UserError
from liangyi.metrics.card import Card, refusal
from liangyi.runs.cards import keep, kept

FULL = Card(
    metric="frechet", value=3.25, better="lower", error=0.5, floor=0.125, real=750, generated=700,
    split="train", data="digits 12ab", features="mnist-cnn 34cd", resize="64 x 64, bicubic",
    seed=7, step=400, about="Fréchet distance", degrees=9,
)  # fmt: skip
BARE = Card(metric="modes", value=8, better="higher")


def run_in(folder: Path) -> Any:
    """Return what is needed of a run to keep cards in its folder."""
    return SimpleNamespace(scores=folder / "scores.json")


def nonsense(folder: Path, text: str) -> str:
    """Return the complaint about a scores.json of this content."""
    (folder / "scores.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as error:
        kept(run_in(folder))
    line = str(error.value)
    assert str(folder / "scores.json") in line and "\n" not in line
    return line


def test_what_is_kept_comes_back_field_by_field(tmp_path):
    keep([FULL, BARE], run_in(tmp_path))
    assert kept(run_in(tmp_path)) == [FULL, BARE]


def test_a_second_scoring_takes_the_place_of_the_first(tmp_path):
    keep([FULL, BARE], run_in(tmp_path))
    keep([BARE], run_in(tmp_path))
    assert kept(run_in(tmp_path)) == [BARE]
    assert [path.name for path in tmp_path.iterdir()] == ["scores.json"]  # nothing half-written


def test_a_run_that_was_never_scored_has_no_cards(tmp_path):
    assert kept(run_in(tmp_path)) == []


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"cannot write .*scores\.json: No such file") as error:
        keep([FULL], run_in(tmp_path / "gone"))
    assert "\n" not in str(error.value)


def test_the_interval_is_that_of_student_s_law():
    # breaks when ten groups of a jackknife are trusted like ten thousand items
    away = 0.5 * t.ppf(0.975, 9)  # 2.262 of them, not 1.96
    assert FULL.interval == (pytest.approx(3.25 - away), pytest.approx(3.25 + away))
    many = dataclasses.replace(FULL, degrees=None)
    assert many.interval == (pytest.approx(3.25 - 0.98), pytest.approx(3.25 + 0.98))
    assert BARE.interval is None  # no error was measured: none must be made up


def test_cards_of_before_degrees_were_kept_are_read(tmp_path):
    plain = {k: v for k, v in FULL.json().items() if k != "degrees"}
    (tmp_path / "scores.json").write_text(json.dumps([plain]), encoding="utf-8")
    assert kept(run_in(tmp_path)) == [dataclasses.replace(FULL, degrees=None)]


@pytest.mark.parametrize(
    "odd", [{"value": math.inf}, {"value": math.nan}, {"error": math.nan}, {"floor": math.inf}]
)
def test_what_is_not_finite_is_null_in_the_file_and_no_number_after(odd, tmp_path):
    # breaks when NaN or Infinity gets into the file, also by way of the interval: browsers and
    # other languages refuse such JSON
    card = dataclasses.replace(FULL, **odd)
    keep([card], run_in(tmp_path))
    text = (tmp_path / "scores.json").read_text(encoding="utf-8")

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    (plain,) = json.loads(text, parse_constant=refuse)
    (name,) = odd
    assert plain[name] is None
    assert plain["interval"] is None or name == "floor"
    (back,) = kept(run_in(tmp_path))
    if name == "value":
        assert math.isnan(back.value)
    else:
        assert getattr(back, name) is None and back.value == FULL.value


def test_the_interval_is_told_but_not_read_back():
    # breaks when an edited interval is believed, or when its presence is a mistake
    plain = FULL.json()
    assert plain["interval"] == FULL.interval
    assert Card.parse(plain | {"interval": [0, 0]}, "here") == FULL
    assert Card.parse({k: v for k, v in plain.items() if k != "interval"}, "here") == FULL


@pytest.mark.parametrize("text", ["", "{", "null", "7", '"cards"', '{"metric": "frechet"}'])
def test_a_file_that_is_no_list_is_one_line(text, tmp_path):
    nonsense(tmp_path, text)


@pytest.mark.parametrize("one", [None, 7, "frechet", [], {}])
def test_a_list_of_anything_else_is_one_line(one, tmp_path):
    assert "score the run anew" in nonsense(tmp_path, json.dumps([FULL.json(), one]))


@pytest.mark.parametrize(
    "change",
    [
        {"value": "much"},
        {"value": [1]},
        {"degrees": 2.5},
        {"error": "half"},  # the interval would be a text
        {"floor": {}},
        {"better": "sideways"},
        {"real": None},
        {"step": "last"},
        {"seed": 1.5},
        {"metric": 3},
        {"split": None},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_field_of_another_kind_is_named(change, tmp_path):
    # breaks when such a card is taken in: the report or the comparison would end in a traceback
    (name,) = change
    line = nonsense(tmp_path, json.dumps([FULL.json() | change]))
    assert name in line and "score the run anew" in line


@pytest.mark.parametrize("name", ["metric", "value", "better"])
def test_what_a_card_cannot_do_without_is_named(name, tmp_path):
    plain = FULL.json()
    del plain[name]
    assert name in nonsense(tmp_path, json.dumps([plain]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"data": "digits 99"}, "other data: digits 12ab and digits 99"),
        ({"split": "test"}, "another split: train and test"),
        ({"real": 500}, "another number of real items: 750 and 500"),
        ({"generated": 500}, "another number of samples: 700 and 500"),
        ({"features": "mnist-cnn 99"}, "features of another network"),
        ({"resize": "none"}, "another way of resizing"),
    ],
)
def test_cards_measured_otherwise_do_not_meet(change: dict[str, Any], reason):
    other = dataclasses.replace(FULL, **change)
    found = refusal([FULL, FULL, other])
    assert found is not None and reason in found


def test_models_seeds_and_steps_may_differ():
    # breaks when nothing could ever be compared
    other = dataclasses.replace(FULL, value=1.0, error=None, floor=None, seed=1, step=9, about="")
    assert refusal([FULL, other]) is None
    assert refusal([FULL]) is None and refusal([]) is None
