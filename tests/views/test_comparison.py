from __future__ import annotations

import base64
import math
import re
from itertools import pairwise
from typing import Any

import pytest

from liangyi.doctor.verdict import Advice, Verdict
from liangyi.views.comparison import Column, comparison_page
from liangyi.views.intervals import looks

from .reading import EVIL, Page, asks_others, card, charts, drawings, panels

ILL = Verdict("mode collapse", 5, "diversity 0.1", [Advice("lower the rate")])
WELL = Verdict("healthy", 5, "")


def column(name: str, value: float = 1.0, **changes: Any) -> Column:
    facts: dict[str, Any] = {
        "model": "gan", "data": "digits", "step": 1500, "sample": name.encode(),
        "verdicts": [ILL, WELL], "cards": [card(value=value), card("kernel", value)],
        "lines": [{"step": n, "generator": 1.0 + n} for n in range(5)],
    }  # fmt: skip
    return Column(name=name, **(facts | changes))


def test_the_page_holds_everything_that_it_was_given() -> None:
    written = comparison_page("a and b", [column("a"), column("b", 5.0)], {"kernel": "other data"})
    read = Page(written)
    for said in ("a and b", "How good", "Runs", "Curves", "1,500", "digits", "mode collapse"):
        assert said in read.words
    assert "not ranked (other data): kernel" in read.words
    assert [image["alt"] for image in read.all("img")] == [f"newest samples of {n}" for n in "ab"]
    sources = [
        (image["src"] or "").removeprefix("data:image/png;base64,") for image in read.all("img")
    ]
    assert [base64.b64decode(source) for source in sources] == [b"a", b"b"]
    chips = [(chip["class"], chip["title"]) for chip in read.all("li")]
    assert chips == [("ill", "diversity 0.1"), ("well", "")] * 2


@pytest.mark.parametrize("count", range(1, 10))
def test_a_run_has_the_same_colour_everywhere(count: int) -> None:
    # breaks when the blue dot of the table is the orange curve below
    names = [f"run {n}" for n in range(count)]
    page = comparison_page("t", [column(name, 1.0 + n) for n, name in enumerate(names)])
    classes = ["colour{colour} dash{dash}".format(**looks(n)) for n in range(count)]
    for name, own in zip(names, classes, strict=True):
        swatches = re.findall(
            rf'<svg class="dot (.*?)"[^>]*>\s*<circle[^>]*>\s*</svg>\s*{name}<', page
        )
        # heading of the table, heading of the run, key of the curves
        assert swatches == [own] * (3 if count > 1 else 2)
    scales = [drawing for drawing in drawings(page) if drawing.attrib["class"] == "bars"]
    for drawing in scales:
        assert [group.attrib["class"] for group in drawing.iter("g")] == classes
    for panel in panels(page).values():
        for place, curve in enumerate(panel["curves"]):
            look = {key: curve[key] for key in ("colour", "dash")}
            assert curve["label"] == names[place] and look == looks(place)
    assert len(scales) == 2 and (count > 1) == bool(panels(page))


def test_dots_of_one_metric_stay_apart() -> None:
    page = comparison_page("t", [column(f"run {n}", 1.0) for n in range(5)])
    (first, _) = (one for one in drawings(page) if one.attrib["class"] == "bars")
    heights = [float(circle.attrib["cy"]) for circle in first.iter("circle")]
    assert all(b - a > 6.4 for a, b in pairwise(heights))  # twice the radius
    assert heights[0] > 3 and heights[-1] < float(first.attrib["height"]) - 3


def test_a_run_without_anything_keeps_the_others_apart() -> None:
    bare = Column(name="bare")
    page = comparison_page("t", [column("a"), bare, column("c", 5.0)])
    read = Page(page)
    assert "bare" in read.words and len(read.all("img")) == 2
    curves = panels(page)["generator"]["curves"]
    assert [curve["colour"] for curve in curves] == [0, 1, 2] and not curves[1]["y"]


def test_sections_without_content_are_left_out() -> None:
    read = Page(comparison_page("t", [Column(name="a"), Column(name="b")]))
    assert "How good" not in read.words and "Curves" not in read.words
    Page(comparison_page("t", []))


def test_settings_and_hints() -> None:
    page = comparison_page(
        "t", [Column(name="a"), Column(name="b")], {}, {EVIL: ["1", ""]}, [f"score {EVIL}"]
    )
    read = Page(page)
    assert f"score {EVIL}" in read.words and "Settings that differ" in read.words
    assert read.words.count(EVIL) == 2 and not read.all("b") and not asks_others(page)


def test_without_a_common_metric_that_is_said() -> None:
    own = [column(n, lines=[{"step": 1, n: 1.0}]) for n in "ab"]
    page = comparison_page("t", own)
    assert "No metric was logged by two runs." in Page(page).words and not charts(page)


def test_the_page_asks_nobody_for_anything_and_its_drawings_are_xml() -> None:
    page = comparison_page("t", [column("a"), column("b")])
    # dots in the table, at the runs and in the key; two scales
    assert not asks_others(page) and len(drawings(page)) == 3 * 2 + 2


def test_words_cannot_become_markup() -> None:
    evil = column(
        EVIL,
        model=EVIL,
        data=EVIL,
        verdicts=[Verdict(EVIL, 1, EVIL, [Advice(EVIL)])],
        cards=[card(EVIL, about=EVIL, data=EVIL)],
        lines=[{"step": 1, EVIL: 1.0}],
    )
    page = comparison_page(
        EVIL, [evil, column("b", cards=[card(EVIL)], lines=evil.lines)], {EVIL: EVIL}
    )
    read = Page(page)
    assert not read.all("b") and len(read.all("script")) == 5 and read.words.count(EVIL) > 8
    assert panels(page)[EVIL]["curves"][0]["label"] == EVIL
    assert read.all("li")[0]["title"] == EVIL and not asks_others(page)
    drawings(page)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_breaks_no_page(broken: float) -> None:
    odd = column("odd", broken, lines=[{"step": n, "generator": broken} for n in range(3)])
    for runs in ([odd, column("b")], [odd, odd_again := column("again", broken)], [odd_again]):
        page = comparison_page("t", runs)
        for panel in panels(page).values():
            assert panel["curves"][0]["y"] == [None] * 3
        for drawing in drawings(page):
            for element in drawing.iter():
                assert not any(re.search(r"^-?(nan|inf)", v) for v in element.attrib.values())
