from __future__ import annotations

import base64
import dataclasses
import io
import math
import re
from itertools import pairwise
from typing import Any

import pytest
import torch

from liangyi.doctor.verdict import Advice, Verdict
from liangyi.fields.pixels import grid
from liangyi.runs.sheets import Places
from liangyi.views.report import report, thinned
from liangyi.views.table import Layer

from .reading import EVIL, Page, asks_others, card, charts, drawings, panels


def sample(step: int) -> tuple[int, bytes]:
    buffer = io.BytesIO()
    grid(torch.full((1, 1, 2, 2), step / 1000), (0.0, 1.0), scale=1).save(buffer, "PNG")
    return step, buffer.getvalue()


def page(**changes: Any) -> str:
    values: dict[str, Any] = {
        "title": "dcgan-digits-1",
        "summary": {"model": "dcgan"},
        "lines": [{"step": n, "generator": 1.0 / n} for n in range(1, 9)],
        "samples": [sample(step) for step in (0, 100, 200)],
        "networks": {"generator": [Layer("0", "Linear", "3 to 4", (4,), 1216, 7)]},
        "settings": {"model": {"betas": ((0.5, 0.999), "decay rates"), "average": (None, "none?")}},
        "versions": {"torch": "2.15"},
        "notes": ["all is well"],
    }
    return report(**(values | changes))


def test_the_page_holds_everything_that_it_was_given() -> None:
    read = Page(page())
    for word in (
        "dcgan-digits-1",
        "all is well",
        "3 to 4",
        "1,216",
        "1,223",
        "betas",
        "0.5 0.999",
        "decay rates",
    ):
        assert word in read.words
    assert "torch" in read.words and "2.15" in read.words and "Linear" in read.words
    assert len(read.all("svg")) == 1  # the architecture
    (curve,) = panels(page())["training"]["curves"]
    assert curve["label"] == "generator" and curve["x"] == list(range(1, 9))
    assert curve["y"][:4] == [1.0, 0.5, 0.333333, 0.25]
    sources = [image["src"] or "" for image in read.all("img")]
    found = {base64.b64decode(source.removeprefix("data:image/png;base64,")) for source in sources}
    assert found == {png for _, png in (sample(step) for step in (0, 100, 200))}


def test_without_scripts_the_newest_sample_is_large_and_dead_controls_are_hidden() -> None:
    read = Page(page(samples=[sample(200), sample(0), sample(100)]))  # in any order
    (large,) = [image for image in read.all("img") if image.get("class") == "large"]
    assert large["src"] == f"data:image/png;base64,{base64.b64encode(sample(200)[1]).decode()}"
    assert [b["data-step"] for b in read.all("button") if "data-step" in b] == ["0", "100", "200"]
    (slider,) = [box for box in read.all("div") if box.get("class") == "slider"]
    assert "hidden" in slider


def test_real_items_stand_beside_the_samples_where_there_are_some() -> None:
    read = Page(page(real=sample(7)[1]))
    drawn, real = [image for image in read.all("img") if image.get("class") == "large"]
    assert drawn["src"] != real["src"] == f"data:image/png;base64,{png(7)}"
    assert real["alt"] == "real items"
    # the script shows other steps in the first large picture of the samples
    assert page(real=sample(7)[1]).index(png(200)) < page(real=sample(7)[1]).index(png(7))


def png(step: int) -> str:
    return base64.b64encode(sample(step)[1]).decode()


def test_the_page_asks_nobody_for_anything() -> None:
    assert not asks_others(page())
    assert asks_others(page().replace("<main>", '<main><img src="//evil">'))  # it would be seen


def test_words_in_collections_cannot_become_markup() -> None:
    evil = '"><b onclick=x>&'
    changes: dict[str, Any] = {
        "title": evil,
        "summary": {evil: evil},
        "networks": {evil: [Layer(evil, evil, evil, (1,), 1, 1)]},
        "versions": {evil: evil},
        "notes": [evil],
        "settings": {evil: {evil: (evil, evil)}},
        "lines": [{"step": 1, evil: 1.0}],
    }
    for name, change in changes.items():
        read = Page(page(**{name: change}))
        assert not read.all("b") and evil in read.words
        assert len(read.all("script")) == len(Page(page()).all("script"))


def test_of_many_samples_some_stay_evenly_with_the_first_and_last() -> None:
    many = [(step, b"") for step in range(0, 10_000, 10)]
    kept = [step for step, _ in thinned(many)]
    assert len(kept) == len(set(kept)) == 40 and kept[0] == 0 and kept[-1] == 9990
    gaps = [after - before for before, after in pairwise(kept)]
    assert max(gaps) - min(gaps) <= 10
    assert thinned(many[:40]) == many[:40]


def test_a_run_that_has_barely_begun_has_a_page() -> None:
    empty: dict[str, Any] = {
        "summary": {}, "lines": [], "samples": [], "networks": {}, "settings": {}, "versions": {},
        "notes": [],
    }  # fmt: skip
    read = Page(page(**empty))
    assert "Nothing logged yet." in read.words and "Samples" not in read.words
    assert not read.all("img")
    assert len(Page(page(samples=[sample(5)])).all("img")) == 1


def test_what_a_run_does_not_have_leaves_no_trace() -> None:
    # breaks when a page has an empty heading for a run that was never scored or examined
    plain = page()
    assert plain == page(cards=[], verdicts=[], nearest=None, real=None)
    for title in ("Diagnosis", "How good", "Nearest training pictures"):
        assert title not in Page(plain).words
    assert re.findall(r"<h2>(.*?)</h2>", plain) == [
        "Samples", "Curves", "Architecture", "Settings", "Versions",
    ]  # fmt: skip


def test_verdicts_come_first_and_cards_below_the_samples() -> None:
    written = page(
        cards=[card("frechet", 62.96, error=1.5)],
        verdicts=[Verdict("mode collapse", 5, "diversity 0.1", [Advice("lower the rate")])],
        nearest=sample(7)[1],
    )
    assert re.findall(r"<h2>(.*?)</h2>", written)[:5] == [
        "Diagnosis", "Samples", "How good", "Nearest training pictures", "Curves",
    ]  # fmt: skip
    read = Page(written)
    assert "mode collapse" in read.words and "63 ± 3" in read.words
    (pairs,) = [image for image in read.all("img") if "nearest" in (image["alt"] or "")]
    assert pairs["src"] == f"data:image/png;base64,{base64.b64encode(sample(7)[1]).decode()}"
    assert not asks_others(written) and len(drawings(written)) == 2


def test_names_evidence_and_words_about_a_metric_cannot_become_markup() -> None:
    written = page(
        cards=[card(EVIL, about=EVIL)], verdicts=[Verdict(EVIL, 1, EVIL, [Advice(EVIL)])]
    )
    read = Page(written)
    assert not read.all("b") and read.words.count(EVIL) >= 5 and drawings(written)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_breaks_no_report(broken: float) -> None:
    written = page(
        cards=[card(value=broken), card("kernel", error=broken, floor=broken)],
        lines=[{"step": n, "generator": broken, "signal/energy": broken} for n in range(3)],
    )
    assert panels(written)["energy"]["curves"][0]["y"] == [None] * 3
    for drawing in drawings(written):
        for element in drawing.iter():
            assert not any(re.search(r"^-?(nan|inf)", v) for v in element.attrib.values())
    assert len(drawings(written)) == 2  # architecture and the one finite card


def verdicts(*found: Verdict) -> Page:
    """Return the part of a page that the verdicts are in."""
    written = page(verdicts=found)
    return Page(written[written.index("<h2>Diagnosis") : written.index("</section>")])


def said(read: Page) -> str:
    return " ".join(read.words.split())


COLLAPSE = Verdict("mode collapse", 12_500, "diversity 0.12, below 0.5", [Advice("lower the rate")])
TIRED = Verdict("under-trained", 900, "energy still falls", [Advice("more steps")])
WELL = Verdict("healthy", 900, "")


def test_a_finding_says_since_when_the_evidence_and_what_to_try() -> None:
    read = verdicts(COLLAPSE)
    assert said(read) == (
        "Diagnosis mode collapse since step 12,500 diversity 0.12, below 0.5 Try: lower the rate"
    )
    assert read.all("div")[0]["class"] == "verdict"


def test_where_all_is_well_that_is_said_quietly() -> None:
    read = verdicts(WELL)
    assert said(read) == "Diagnosis healthy" and not read.all("h3") and not read.all("p")
    assert read.all("div")[0]["class"] == "verdict well"


def test_advice_is_told_apart_from_evidence() -> None:
    # breaks when they run together: "energy still falls more --steps"
    read = verdicts(TIRED)
    assert said(read).endswith("under-trained energy still falls Try: more steps")
    assert len(read.all("p")) == 1


def test_verdicts_keep_their_order_for_the_gravest_comes_first() -> None:
    words = verdicts(COLLAPSE, TIRED).words
    assert words.index("mode collapse") < words.index("under-trained")


def test_codes_are_places_in_the_page_and_nothing_is_loaded_for_them() -> None:
    places = Places(
        codes=[[0.5, -1.25, 3.0]], labels=[1], names=["a", EVIL],
        sheet=f"data:image/png;base64,{png(7)}", columns=1, height=2, width=2,
    )  # fmt: skip
    written = page(places=places, manifold=sample(9)[1])
    (told,) = [found for found in charts(written) if "codes" in found]
    assert told["codes"] == [[0.5, -1.25, 3.0]] and told["names"] == ["a", EVIL]
    assert "drag or use the arrow keys" in Page(written).words
    assert png(9) in written and not asks_others(written)
    flat = page(places=dataclasses.replace(places, codes=[[0.5, -1.25]], labels=[], names=[]))
    assert "drag" not in Page(flat).words and 'class="codes"' not in page()
