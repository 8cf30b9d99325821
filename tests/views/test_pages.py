from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from typing import Any

import pytest

from liangyi.views.comparison import Column, comparison_page
from liangyi.views.pages import SCRIPTS, STYLES, typed
from liangyi.views.report import report

from .reading import Page, asks_others, charts, panels

VIEWS = resources.files("liangyi.views")
VENDOR = VIEWS / "static" / "vendor"
OURS = [
    "templates/page.html", "templates/macros.html", "templates/report.html",
    "templates/compare.html", "static/page.css", "static/page.js", "static/charts.js",
]  # fmt: skip


def bare(**changes: Any) -> str:
    known: dict[str, Any] = {
        "title": "t", "summary": {}, "lines": [], "samples": [], "networks": {}, "settings": {},
        "versions": {},
    }  # fmt: skip
    return report(**(known | changes))


PAGES = {"report": bare(), "compare": comparison_page("t", [Column(name="a")])}


def test_the_library_is_the_one_that_was_published() -> None:
    # breaks when somebody edits a vendored file, or renews it without its hash
    read = (VENDOR / "README.md").read_text(encoding="utf-8")
    known = dict(re.findall(r"^ +([0-9a-f]{64})  (\S+)$", read, re.MULTILINE))
    found = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path.name
        for path in VENDOR.iterdir()
        if path.name != "README.md"
    }
    assert known == found and len(found) == 3
    version = re.search(r"uPlot (\d+\.\d+\.\d+)", read)
    assert version and f"(v{version[1]})" in (VENDOR / "uPlot.iife.min.js").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_browser_may_run_what_is_in_the_page_and_nothing_else(page: str) -> None:
    # breaks when a script is changed between being hashed and being written
    read = Page(page)
    (policy,) = [meta["content"] for meta in read.all("meta") if "http-equiv" in meta]
    rules = dict(rule.split(" ", 1) for rule in (policy or "").split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    for kind, files in (("style", STYLES), ("script", SCRIPTS)):
        hashed = [
            f"'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'"
            for inside in read.inside[kind]
        ]
        assert rules[f"{kind}-src"].split() == hashed and len(hashed) == len(files)
    # what a hash does not cover would be dead
    assert not any(name.startswith("on") or name == "style" for _, a in read.tags for name in a)
    assert not asks_others(page)


def test_the_licence_goes_where_the_library_goes() -> None:
    licence = (VENDOR / "LICENSE-uPlot").read_text(encoding="utf-8")
    assert licence in PAGES["report"] and "Leon Sorokin" in licence


@pytest.mark.parametrize("name", [*STYLES, *SCRIPTS])
def test_nothing_inside_a_page_ends_its_element(name: str) -> None:
    written = (VIEWS / "static" / name).read_text(encoding="utf-8").lower()
    assert "</" not in written.replace("</g", "") and "<!--" not in written


def test_our_scripts_ask_for_nothing_and_write_no_markup() -> None:
    for name in ("page.js", "charts.js"):
        written = (VIEWS / "static" / name).read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|fetch|XMLHttp|WebSocket"
            r"|import|https?:",
            written,
        )


@pytest.mark.parametrize(
    "evil", ["</script><script>alert(1)</script>", "<!--<script>", "\"'&\\u2028\u2028", "]]>"]
)
def test_the_data_of_charts_cannot_end_them(evil: str) -> None:
    # breaks when a metric's name can leave the JSON that it stands in
    page = bare(lines=[{"step": 1, evil: 1.0}])
    lines: list[dict[str, float]] = [{"step": 1, "m": 1}]
    compared = comparison_page("t", [Column(name=name, lines=lines) for name in (evil, "b")])
    for written in (page, compared):
        assert len(Page(written).all("script")) == len(SCRIPTS) + 1 == 5
        (group,) = charts(written)
        (panel,) = group["panels"]
        # the last part of a name is the curve's, the rest the panel's
        assert evil in f"{panel['title']}/{panel['curves'][0]['label']}"


def test_without_scripts_figures_are_in_a_table() -> None:
    lines: list[dict[str, Any]] = [
        {"step": n, "loss": value, "broken": None} for n, value in enumerate((3.0, 1.0, 2.0))
    ]
    read = Page(bare(lines=lines))
    assert "Charts are drawn by JavaScript" in read.words and len(read.all("noscript")) == 1
    words = read.words.split()
    assert words[(at := words.index("lossloss")) : at + 4] == ["lossloss", "2", "1", "3"]
    assert "brokenbroken not a number" in " ".join(words)


def test_settings_are_written_as_they_are_typed() -> None:
    values = [None, True, False, 0, 0.5, (0.5, 0.999), [[1, 2], None], "x y"]
    said = ["none", "yes", "no", "0", "0.5", "0.5 0.999", "1 2 none", "x y"]
    assert [typed(value) for value in values] == said


@pytest.mark.parametrize("name", OURS)
def test_templates_are_as_short_as_code(name: str) -> None:
    lines = (VIEWS / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 300 and max(map(len, lines)) <= 100


def test_the_wheel_holds_templates_and_scripts() -> None:
    # every file below the package goes into the wheel; what is read must lie there
    for name in [*OURS, *(f"static/{one}" for one in (*STYLES, *SCRIPTS))]:
        assert (VIEWS / name).is_file(), name


def test_chart_data_is_small_however_long_the_log() -> None:
    lines = [{"step": n, "loss": 100.0 if n == 54_321 else 1.0} for n in range(100_000)]
    page = bare(lines=lines)
    (curve,) = panels(page)["training"]["curves"]
    assert len(json.dumps(curve)) < 30_000
    assert max(curve["y"]) == 100.0 and curve["x"][curve["y"].index(100.0)] == 54_321
