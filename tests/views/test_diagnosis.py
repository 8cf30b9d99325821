from __future__ import annotations

from liangyi.doctor.verdict import Verdict
from liangyi.views.diagnosis import diagnosis

from .reading import EVIL, Page

COLLAPSE = Verdict("mode collapse", 12_500, "diversity 0.12, below 0.5", "lower the rate")
TIRED = Verdict("under-trained", 900, "energy still falls", "more --steps")
WELL = Verdict("healthy", 900, "", "")


def test_a_finding_says_since_when_the_evidence_and_what_to_try() -> None:
    read = Page(diagnosis([COLLAPSE]))
    assert read.words == (
        "mode collapsesince step 12,500diversity 0.12, below 0.5Try: lower the rate"
    )
    assert read.all("div")[0]["class"] == "verdict"


def test_where_all_is_well_that_is_said_quietly() -> None:
    read = Page(diagnosis([WELL]))
    assert read.words == "healthy" and not read.all("h3") and not read.all("p")
    assert read.all("div")[0]["class"] == "verdict well"


def test_advice_is_told_apart_from_evidence() -> None:
    # breaks when they run together: "energy still falls more --steps"
    assert Page(diagnosis([TIRED])).words == "under-trained energy still fallsTry: more --steps"
    assert "<p><strong>Try:</strong> more --steps</p>" in diagnosis([TIRED])


def test_verdicts_keep_their_order_for_the_gravest_comes_first() -> None:
    words = Page(diagnosis([COLLAPSE, TIRED])).words
    assert words.index("mode collapse") < words.index("under-trained")
    assert diagnosis([]) == ""


def test_words_cannot_become_markup() -> None:
    for name in (EVIL, "healthy"):
        read = Page(diagnosis([Verdict(name, 1, EVIL, EVIL)]))
        assert not read.all("b") and read.words.count(EVIL) == 2 + (name == EVIL)
