"""Models of some classes: whether what they draw is taken for one of these."""

from __future__ import annotations

import dataclasses
import math

import pytest

from conftest import follow
from liangyi.core.batch import Images
from liangyi.data import choose
from liangyi.runs.run import Run
from liangyi.scoring import score
from liangyi.scoring.evaluator import evaluator_of
from liangyi.scoring.scorers.chosen import cards

from .conftest import named, subject_of


@pytest.fixture(scope="module")
def two(small, tmp_path_factory):
    """Return a run that learned zeros and sixes of the small digits."""
    here = dataclasses.replace(small("dcgan"), source=choose("digits", classes=("6", "0")))
    path = tmp_path_factory.mktemp("chosen") / "run"
    for _ in follow(here.run(path, validate_every=0)):
        pass
    return path


@pytest.fixture
def run(two):
    return Run(two)


def real(*classes):
    return choose("digits", classes=classes).split().some(100, Images, "cpu", (-1.0, 1.0))[0]


@pytest.mark.parametrize(
    ("drawn", "low", "high"),
    [(("0", "6"), 0.95, 1), (("6",), 0.95, 1), (("1", "7"), 0, 0.05)],
    ids=["those learned", "one of them", "others"],
)
def test_real_pictures_are_taken_for_what_they_are(run, plant, drawn, low, high):
    # breaks when numbers of the chosen classes are not those of all ten: then 6 would be 1
    plant(real(*drawn))
    (card,) = cards(subject_of(run, 100))
    assert card.metric == "as_chosen" and low <= card.value <= high
    assert card.floor > 0.95


def test_the_judge_knows_all_classes(run):
    (card,) = cards(subject_of(run, 50))
    whole = evaluator_of(choose("digits"))
    assert card.features == whole.name and whole.network.spec.classes == tuple("0123456789")


def test_whoever_learned_all_classes_has_no_such_card(run_of):
    assert not cards(subject_of(run_of("dcgan", "digits"), 50))


def test_score_has_it_beside_coverage(run):
    found = named(score(run, 50))
    assert {"as_chosen", "coverage"} <= found.keys()
    assert not math.isnan(found["as_chosen"].value)
