from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import pytest

from liangyi.metrics.card import Card
from liangyi.views import intervals
from liangyi.views.cards import comparison, legend, table
from liangyi.views.comparison import Column, comparison_page
from liangyi.views.report import report

from .reading import EVIL, Page, asks_others, card, drawings

CARDS = [
    card("frechet", 62.96, error=1.5, floor=1.61, about="distance of the features"),
    card("told_apart", 0.99, error=0.0025, floor=0.479, better="half", about="right how often"),
    card("class_entropy", 0.53, error=None, floor=None, better="higher", about="evenness"),
]
BROKEN = [math.nan, math.inf, -math.inf]


def html(cards: Sequence[Card]) -> str:
    """Return the cards of a report."""
    return report(
        title="t", summary={}, lines=[], samples=[], networks={}, settings={}, versions={},
        cards=cards,
    )  # fmt: skip


def comparison_html(names: Sequence[str], cards: Sequence[Sequence[Card]], why: Any) -> str:
    """Return the cards of a comparison."""
    runs = [Column(name=name, cards=own) for name, own in zip(names, cards, strict=True)]
    return comparison_page("t", runs, why)


def said(page: str) -> str:
    """Return the words of a page, those of each cell apart."""
    return " ".join(Page(page.replace("<td", " <td")).words.split())


def test_the_cards_of_a_run_are_a_table_with_intervals_and_floors() -> None:
    # breaks when a column is lost, figures do not stand below each other, or a line ends in blanks
    assert table(CARDS).splitlines() == [
        "metric             value           floor  about",
        "\u2500" * 66,
        "frechet        ↓      63  ± 3          2  distance of the features",
        "told_apart     ½   0.990  ± 0.005  0.479  right how often",
        "class_entropy  ↑  0.5300                  evenness",
        "",
        legend(CARDS),
        "seed 0 · step 0",
    ]


def test_what_floors_and_intervals_are_is_said_as_it_is() -> None:
    # breaks when rankings, whose floor is chance, are said to stand beside real items
    own = card(about="gain; floor: by chance")
    drawn = [card(generated=400), *CARDS]
    for known in (legend, intervals.legend):
        assert "samples and real items both drawn anew" in known(drawn)
        assert "real against other real items" in known(drawn) and "says" not in known(drawn)
        assert "interval, real items drawn anew" in known([own])
        assert "real against" not in known([own]) and "as each card says" in known([own])
        assert "real items, where a card says nothing else" in known([own, *drawn])
    assert table([own]).splitlines()[4] == legend([own])


def test_words_about_a_metric_are_wrapped_into_their_own_column() -> None:
    # breaks when a terminal of 100 columns wraps them to the left edge
    lines = table([card(about="share of samples " * 8, features="f" * 30, data="d" * 60)])
    assert max(map(len, lines.splitlines())) <= 100
    first, second = lines.splitlines()[2:4]
    assert second.lstrip().startswith("s") and second.index("s") == first.index("share")
    assert "f" * 30 in lines and "d" * 60 in lines  # uncut


def test_a_terminal_decides_the_width_and_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    # breaks when a wide terminal gets a narrow table, or a file escape codes
    long = [card(about="word " * 60)]
    assert "\x1b" not in table(long)
    monkeypatch.setenv("COLUMNS", "160")
    assert max(map(len, table(long).splitlines())) == 100  # a file
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = table(long)
    bare = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in shown.splitlines()]
    assert "\x1b[" in shown and max(map(len, bare)) == 160


def test_runs_stand_side_by_side_with_marks() -> None:
    names = ["gan", "wgan"]
    cards = [
        [card("frechet", 62.0, error=1.5), card("kernel", 0.8, error=0.035)],
        [card("frechet", 20.0, error=1.5), card("kernel", 0.84, error=0.035), card("own", 1.0)],
    ]
    assert comparison(names, cards, {}).splitlines() == [
        "metric      gan            wgan",
        "\u2500" * 40,
        "frechet  ↓    62 ± 3         20 ± 3    *",
        "kernel   ↓  0.80 ± 0.07 ~  0.84 ± 0.07 ~",
        "own      ↓     -            1.0 ± 0.2",
        "",
        "* best: its 95 % interval overlaps no other",
        "~ too close to call: 95 % intervals overlap",
        "seed 0 · step 0",
    ]


@pytest.mark.parametrize("count", range(1, 9))
def test_no_line_is_longer_than_a_terminal(count: int) -> None:
    # breaks when eight runs, long names or long reasons are left to the terminal to wrap
    names = [f"{'experiments-' * 5}{n}" if n % 2 else f"run {n}" for n in range(count)]
    metrics = [f"metric_number_{n}" for n in range(12)]
    cards = [[card(metric, 0.1 * n, step=n) for metric in metrics] for n in range(count)]
    refusals = dict.fromkeys(metrics[1:], "another number of samples: 400 and 750")
    written = comparison(names, cards, refusals)
    assert max(map(len, written.splitlines())) <= 100
    blocks = sum(line.startswith("metric ") for line in written.splitlines())
    assert written.count("metric_number_3 ") == blocks  # each can be read alone
    assert "not ranked (another number of samples: 400 and 750): metric_number_1," in written
    assert "\n\n\n" not in written
    for n in range(count):
        assert names[n][-18:].split()[-1] in written.replace("\n", "")


def test_a_block_of_short_names_begins_with_them() -> None:
    # breaks when a tall heading in one block leaves a hole above the other
    lines = comparison(["x" * 60, "a", "b"], [[card()]] * 3, {}, width=36).splitlines()
    assert [line.split() for line in lines if line.startswith("metric")] == [
        ["metric", "x" * 6],
        ["metric", "a", "b"],
    ]
    second = next(n for n, line in enumerate(lines) if line.endswith(" b"))
    assert lines[second - 1] == "" and lines[second - 2].startswith("frechet")


def test_a_refusal_goes_on_below_itself() -> None:
    metrics = [f"metric_number_{n}" for n in range(9)]
    cards = [[card(metric) for metric in metrics], [card(metric) for metric in metrics]]
    lines = comparison(["a", "b"], cards, dict.fromkeys(metrics[1:], "why")).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("not ranked (why): "))
    assert lines[start + 1].startswith("  metric_number_")


def test_nothing_to_show_is_said_or_left_out() -> None:
    assert table([]) == "no cards" and "How good" not in said(html([]))
    assert comparison(["a"], [[]], {}) == "no cards"
    assert "How good" not in said(comparison_html(["a"], [[]], {}))


def test_control_characters_do_not_reach_the_terminal() -> None:
    # breaks when a run's name can clear the screen
    # nor can it change the colours, as rich would by [red]
    evil = card("a\x1b[2J\nb", about="c\x1b[0m\td", data="e\x1b\nf")
    written = table([evil]) + comparison(["[red]g\x1b[1m\nh"], [[evil]], {"a\x1b[2J\nb": "i\x1bj"})
    assert "\x1b" not in written and "\t" not in written
    assert written.splitlines()[2].startswith("a [2J b  ↓") and "[red]g" in written


def test_a_page_shows_the_same_figures() -> None:
    words = said(html(CARDS))
    for figure in ("63 ± 3 2", "0.990 ± 0.005 0.479", "0.5300", "told apart", "right how often"):
        assert figure in words
    read = Page(html(CARDS))
    assert len(read.all("tr")) == 4 and len(drawings(html(CARDS))) == 3
    assert "0.5 is best" in [mark.get("title") for mark in read.all("span")]


def test_the_best_is_bold_and_others_are_not() -> None:
    written = comparison_html(["a", "b", "c"], [[card(value=v)] for v in (1.0, 5.0)] + [[]], {})
    (best,) = re.findall(r'<td class="best">(.*?)</td>', written, re.DOTALL)
    assert said(best) == "1.0 ± 0.2 *"
    assert '<span class="quiet">-</span>' in written  # the third has no such card
    close = comparison_html(["a", "b"], [[card(value=v)] for v in (1.0, 1.1)], {})
    assert 'class="best"' not in close and said(close).count("± 0.2 ~") == 2


def test_words_cannot_become_markup() -> None:
    evil = card(EVIL, about=EVIL, data=EVIL, features=EVIL)
    for written in (html([evil]), comparison_html([EVIL, "b"], [[evil], [evil]], {EVIL: EVIL})):
        read = Page(written)
        assert not read.all("b") and read.words.count(EVIL) >= 3 and not asks_others(written)
        drawings(written)


@pytest.mark.parametrize("field", ["value", "error", "floor"])
@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_not_finite_breaks_no_table(field: str, broken: float) -> None:
    changes: dict[str, Any] = {field: broken}
    odd = card(**changes)
    for written in (html([odd]), comparison_html(["a", "b"], [[odd], [card()]], {})):
        Page(written)
        for drawing in drawings(written):
            for element in drawing.iter():
                assert not any(re.search(r"^-?(nan|inf)", v) for v in element.attrib.values())
    assert "frechet" in table([odd]) and "nan" not in table([odd])
    assert "frechet" in comparison(["a", "b"], [[odd], [card()]], {})
