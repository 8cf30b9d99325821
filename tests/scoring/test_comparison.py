"""Runs side by side: ranked only where they were measured alike, told apart, on one page."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re

import pytest
from PIL import Image

from liangyi.core.errors import UserError
from liangyi.metrics.card import Card
from liangyi.runs.cards import keep
from liangyi.scoring.comparison import compared, write_page
from liangyi.views import cards as shown
from views.reading import asks_others


def card(value=1.0, metric="frechet", **more):
    facts = {
        "better": "lower",
        "error": 0.1,
        "real": 100,
        "generated": 100,
        "split": "train",
        "data": "digits x",
        "features": "mnist-cnn abc",
        "step": 4,
    }
    return Card(metric=metric, value=value, **(facts | more))


@pytest.fixture
def make(small, tmp_path):
    """Return a function that makes a run with cards; nothing is trained."""
    quick = small("gan", generator_widths=(4,), discriminator_widths=(4,))

    def run(name, *cards, sample=None):
        found = quick.run(tmp_path / name)
        if cards:
            keep(cards, found)
        if sample is not None:
            (found.path / "samples").mkdir()
            for step in (2, 10):
                (found.path / f"samples/{step:08d}.png").write_bytes(sample if step == 10 else b"")
        for step in (2, 4):
            found.log({"step": step, "generator": 0.5 * step, "signal/spread": 1.0})
        return found

    return run


def marks(found):
    """Return what stands behind each run's figure, metric -> marks."""
    text = shown.comparison(found.names, found.cards, found.refusals)
    lines = [line for line in text.splitlines() if "±" in line and "95 %" not in line]
    return {line.split()[0]: re.findall(r"± \S+ ?([*~]?)", line) for line in lines}


def test_the_best_is_marked_where_intervals_are_apart(make):
    found = compared([make("one", card(3.0)), make("two", card(1.0)), make("three", card(2.0))])
    assert found.names == ["one", "two", "three"] and found.refusals == {}
    assert marks(found) == {"frechet": ["", "*", ""]}


def test_what_overlaps_is_too_close_to_call(make):
    found = compared([make("one", card(1.3)), make("two", card(1.0)), make("three", card(2.0))])
    assert marks(found) == {"frechet": ["~", "~", ""]}


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"features": "mnist-cnn def"}, "another network: mnist-cnn abc and mnist-cnn def"),
        ({"split": "test"}, "another split: train and test"),
        ({"real": 99}, "another number of real items: 100 and 99"),
        ({"generated": 99}, "another number of samples: 100 and 99"),
        ({"data": "digits y"}, "other data: digits x and digits y"),
        ({"resize": "64 x 64"}, "another way of resizing: none and 64 x 64"),
    ],
    ids=lambda odd: str(odd) if isinstance(odd, dict) else "",
)
def test_what_was_measured_otherwise_is_shown_but_not_ranked(make, tmp_path, odd, why):
    one = make("one", card(9.0), card(1.0, "precision"))
    two = make("two", card(1.0, **odd), card(3.0, "precision"))
    found = compared([one, two])
    assert list(found.refusals) == ["frechet"] and why in found.refusals["frechet"]
    assert marks(found) == {"frechet": ["", ""], "precision": ["*", ""]}
    write_page(found, tmp_path / "page.html")
    assert why in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert json.loads(json.dumps(found.json()))["not_ranked"] == found.refusals


def test_seed_and_step_are_no_reason_to_refuse(make):
    # one more training, or a longer one, is exactly what people compare
    found = compared([make("one", card(3.0)), make("two", card(1.0, seed=1, step=900))])
    assert found.refusals == {} and marks(found) == {"frechet": ["", "*"]}


def test_a_metric_of_one_run_alone_is_shown_and_beats_nobody(make):
    found = compared([make("one", card(), card(5.0, "psnr")), make("two", card())])
    assert marks(found)["psnr"] == [""]


def test_a_run_without_cards_is_shown_and_the_command_that_gives_them(make, tmp_path):
    one, two = make("one", card()), make("two")
    found = compared([one, two])
    assert found.notes == [f"without cards so far: liangyi score {two.path}"]
    assert marks(found) == {"frechet": [""]}  # it beats nobody
    write_page(found, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"liangyi score {two.path}" in page and "Curves" in page


def test_runs_without_any_cards_have_curves(make, tmp_path):
    found = compared([make("one"), make("two")])
    write_page(found, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Curves" in page and 'class="cards"' not in page and "without cards so far" in page


def test_nothing_in_common_is_said(make):
    found = compared([make("one", card()), make("two", card(metric="accuracy"))])
    assert found.notes == [
        "nothing is measured of two of these runs: gan are scored otherwise"
    ]  # of one model only by hand


def test_settings_that_differ_and_no_others(make, small, tmp_path):
    other = small("gan", generator_widths=(4, 5), discriminator_widths=(4,))
    found = compared([make("one"), other.run(tmp_path / "two")])
    assert found.differing == {"generator_widths": ["4", "4 5"]}
    assert compared([make("three"), make("four")]).differing == {}


class TestMistakes:
    @pytest.mark.parametrize("way", ["{0}", "{0}/", "{0}/../one", "link"])
    def test_the_same_run_twice_however_it_is_written(self, make, tmp_path, way):
        # it would be ranked against itself
        one = make("one", card())
        (tmp_path / "link").symlink_to(one.path)
        again = type(one)(tmp_path / way.format(one.path))
        with pytest.raises(UserError, match="the same run twice; name each run once"):
            compared([make("two", card()), one, again])

    def test_a_page_that_cannot_be_written(self, make, tmp_path):
        found = compared([make("one", card()), make("two", card())])
        with pytest.raises(UserError, match=r"cannot write .*nothere/page.html: No such file"):
            write_page(found, tmp_path / "nothere" / "page.html")
        with pytest.raises(UserError, match="cannot write"):
            write_page(found, tmp_path)


def test_runs_of_one_name_are_nearest_neighbour_accuracy_by_their_folders(make):
    runs = [make("a/run", card()), make("b/run", card()), make("b/other", card())]
    assert compared(runs).names == ["a/run", "b/run", "b/other"]
    assert compared(runs[1:]).names == ["run", "other"]


def test_plain_values_hold_every_card_whole(make):
    odd = card(float("nan"), "kernel")
    found = json.loads(json.dumps(compared([make("one", card()), make("two", card(), odd)]).json(),
                                  allow_nan=False))  # fmt: skip
    assert list(found["runs"]) == ["one", "two"]
    assert found["runs"]["two"]["path"].endswith("/two")
    first, second = found["runs"]["two"]["cards"]
    assert set(first) == {field.name for field in dataclasses.fields(Card)} | {"interval"}
    assert first["interval"] == pytest.approx([1 - 0.196, 1 + 0.196])
    assert (second["metric"], second["value"]) == ("kernel", None)


class TestPage:
    @pytest.fixture
    def page(self, make, tmp_path):
        stream = io.BytesIO()
        Image.new("L", (3, 2), 77).save(stream, "PNG")
        runs = [make("plain", card(3.0), sample=stream.getvalue()), make("<b>&evil", card(1.0))]
        found = compared(runs)
        write_page(found, tmp_path / "page.html")
        return (tmp_path / "page.html").read_text(encoding="utf-8"), stream.getvalue()

    def test_it_needs_no_net_and_no_other_file(self, page):
        assert not asks_others(page[0])

    def test_it_shows_the_newest_picture_of_a_run(self, page):
        text, png = page
        (found,) = re.findall(r"src=\"data:image/png;base64,([^\"]+)\"", text)
        assert base64.b64decode(found) == png
        assert "newest samples of plain" in text

    def test_names_are_words_and_no_markup(self, page):
        text, _ = page
        assert "<b>" not in text
        assert "&lt;b&gt;&amp;evil" in text and "plain" in text

    def test_it_holds_cards_curves_and_models(self, page):
        text, _ = page
        for words in ("How good", "frechet", "Runs", "gan", "digits", "Curves", "generator"):
            assert words in text
        # the best one's figure stands out, the other's does not
        assert [float(x) for x in re.findall(r'class="best">\s*([\d.]+)', text)] == [1.0]
