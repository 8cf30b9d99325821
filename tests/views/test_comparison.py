from __future__ import annotations

import base64
import math
import re
from typing import Any

import pytest

from liangyi.doctor.verdict import Verdict
from liangyi.views.comparison import Column, comparison_page
from liangyi.views.plots import COLOURS

from .reading import EVIL, NAMESPACE, Page, asks_others, card, drawings

ILL = Verdict("mode collapse", 5, "diversity 0.1", "lower the rate")
WELL = Verdict("healthy", 5, "", "")


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


@pytest.mark.parametrize("count", range(1, 9))
def test_a_run_has_the_same_colour_everywhere(count: int) -> None:
    # breaks when the blue dot of the table is the orange curve below
    names = [f"run {n}" for n in range(count)]
    page = comparison_page("t", [column(name, 1.0 + n) for n, name in enumerate(names)])
    for place, name in enumerate(names):
        colour = COLOURS[place % len(COLOURS)]
        swatches = re.findall(rf'<circle[^>]*"({"|".join(COLOURS)})"[^>]*>\s*</svg>{name}<', page)
        assert swatches == [colour] * 2  # heading of the table, heading of the run
    tables, curves = drawings(page)[:-1], drawings(page)[-1]
    metrics = [drawing for drawing in tables if drawing.attrib["width"] == "210"]
    for drawing in metrics:
        dots = list(drawing.iter(f"{NAMESPACE}circle"))
        found = [dot.get("stroke") or dot.attrib["fill"] for dot in dots]
        assert found == [COLOURS[n % len(COLOURS)] for n in range(count)]
    for group in curves.iter(f"{NAMESPACE}g"):
        place = names.index(group.findtext(f"{NAMESPACE}title") or "")
        colours = {path.get("stroke") for path in group.iter(f"{NAMESPACE}path")}
        assert colours == {COLOURS[place % len(COLOURS)]}
    assert len(metrics) == 2 and ((count > 1) == bool(list(curves.iter(f"{NAMESPACE}g"))))


def test_a_run_without_anything_keeps_the_others_apart() -> None:
    bare = Column(name="bare")
    page = comparison_page("t", [column("a"), bare, column("c", 5.0)])
    read = Page(page)
    assert "bare" in read.words and len(read.all("img")) == 2
    curves = drawings(page)[-1]
    strokes = {path.get("stroke") for g in curves.iter(f"{NAMESPACE}g") for path in g}
    assert COLOURS[2] in strokes and COLOURS[1] not in strokes


def test_sections_without_content_are_left_out() -> None:
    read = Page(comparison_page("t", [Column(name="a"), Column(name="b")]))
    assert "How good" not in read.words and "Curves" not in read.words
    Page(comparison_page("t", []))


def test_the_page_asks_nobody_for_anything_and_its_drawings_are_xml() -> None:
    page = comparison_page("t", [column("a"), column("b")])
    assert not asks_others(page) and len(drawings(page)) == 2 * 2 + 2 + 1
    assert '<meta http-equiv="Content-Security-Policy" content="default-src' in page


def test_words_cannot_become_markup() -> None:
    evil = column(
        EVIL,
        model=EVIL,
        data=EVIL,
        verdicts=[Verdict(EVIL, 1, EVIL, EVIL)],
        cards=[card(EVIL, about=EVIL, data=EVIL)],
        lines=[{"step": 1, EVIL: 1.0}],
    )
    page = comparison_page(
        EVIL, [evil, column("b", cards=[card(EVIL)], lines=evil.lines)], {EVIL: EVIL}
    )
    read = Page(page)
    assert not read.all("b") and len(read.all("script")) == 1 and read.words.count(EVIL) > 8
    assert read.all("li")[0]["title"] == EVIL and not asks_others(page)
    drawings(page)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_breaks_no_page(broken: float) -> None:
    odd = column("odd", broken, lines=[{"step": n, "generator": broken} for n in range(3)])
    for runs in ([odd, column("b")], [odd, odd_again := column("again", broken)], [odd_again]):
        page = comparison_page("t", runs)
        Page(page)
        for drawing in drawings(page):
            for path in drawing.iter(f"{NAMESPACE}path"):
                assert "nan" not in path.attrib["d"] and "inf" not in path.attrib["d"]
