"""The leaderboard: the best first, real pictures as the floor, and no ranking of unlike cards."""

from __future__ import annotations

import json

import pytest

from liangyi.lab import quality
from liangyi.lab.entry import parse
from liangyi.lab.trial import work
from liangyi.metrics.card import Card
from liangyi.runs.cards import keep

SMALL = "gan:generator_widths=4+,discriminator_widths=4+,latent=2"
NAMES = {letter: f"{SMALL},slope={slope}" for letter, slope in zip("abc", (0.1, 0.2, 0.3),
                                                                   strict=True)}  # fmt: skip
LOST = f"{SMALL},learning_rate=1e30"


def card(metric="frechet", value=1.0, **more):
    facts = {
        "better": "lower",
        "real": 750,
        "generated": 750,
        "split": "train",
        "data": "digits x",
        "features": "mnist-cnn abc",
        "error": 0.1,
        "floor": 0.25,
    }
    return Card(metric=metric, value=value, **(facts | more))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Return finished trials of three entries and of one that fails, two seeds each."""
    out = tmp_path_factory.mktemp("quality")
    entries = [parse(name) for name in (*NAMES.values(), LOST)]
    trials = quality.trials(entries, ["digits"], 2, out, 1)
    return list(work(trials, lambda line: None))


@pytest.fixture
def scored(done):
    """Return a function that gives each trial cards, by letter and seed."""

    def give(cards):
        for one in done:
            (one.path / "scores.json").unlink(missing_ok=True)
        for (letter, seed), own in cards.items():
            (one,) = (t for t in done if t.entry.name == NAMES[letter] and t.seed == seed)
            keep(own, one.run)
        return done

    return give


def values(*numbers, **more):
    """Return cards for a, b and c, seeds 0 and 1."""
    places = [(letter, seed) for letter in "abc" for seed in (0, 1)]
    return {place: [card(value=number, **more)]
            for place, number in zip(places, numbers, strict=True)}  # fmt: skip


def rows_of(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len({len(row) for row in cells}) == 1
    return [cells[0], *cells[2:]]


def test_the_best_is_first_and_failures_last(scored):
    text, plain = quality.table(scored(values(30.0, 34.0, 3.0, 5.0, 20.0, 20.0)))
    head, *rows = rows_of(text)
    assert head == ["digits", "seeds", *quality.COLUMNS]
    names = [NAMES["b"], NAMES["c"], NAMES["a"], LOST]
    assert [row[0] for row in rows] == [*(f"`{name}`" for name in names), "real against real"]
    assert rows[0][1:3] == ["2", "4.00 ± 12.7"]  # t(0.975, 1) = 12.706, error 1
    assert rows[3][1:] == ["2 (2 failed)", *[""] * len(quality.COLUMNS)]
    assert rows[4][2] == "0.250"
    plain = json.loads(json.dumps(plain, allow_nan=False))
    assert [one["model"] for one in plain] == names
    assert plain[0]["frechet"]["values"] == [3, 5] and plain[0]["failed"] == 0
    assert plain[3]["failed"] == 2 and "frechet" not in plain[3]


def test_it_says_on_what_was_measured(scored):
    text, _ = quality.table(scored(values(*[1.0] * 6)))
    assert "750 samples, 750 real pictures (train split), features of mnist-cnn abc;" in text
    assert "Not to be ranked" not in text


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"generated": 60}, "another number of samples: 750 and 60"),
        ({"features": "mnist-cnn def"}, "features of another network: mnist-cnn abc and mnist-cnn"),
        ({"split": "test"}, "another split: train and test"),
        ({"data": "digits y"}, "other data: digits x and digits y"),
    ],
)
def test_unlike_cards_are_not_to_be_ranked(scored, odd, reason):
    cards = values(*[1.0] * 6) | {("c", 1): [card(**odd)]}
    text, _ = quality.table(scored(cards))
    assert f"Not to be ranked: {reason}" in text


def test_a_figure_that_is_no_number_is_not_the_best(scored):
    # nan sorts anywhere, and would carry its row there
    text, plain = quality.table(scored(values(float("nan"), 1.0, 5.0, 5.0, 2.0, 2.0)))
    names = [row[0].strip("`") for row in rows_of(text)[1:4]]
    assert names == [NAMES["c"], NAMES["b"], NAMES["a"]]
    json.dumps(plain, allow_nan=False)


def test_nothing_scored_is_said_and_has_no_floors(scored):
    text, _ = quality.table(scored({}))
    assert "No training came to its end." in text and "real against real" not in text


def test_only_sound_trainings_are_scored_and_only_once(scored, monkeypatch):
    done = scored({("a", 0): [card()]})
    asked = []
    monkeypatch.setattr(quality, "score", lambda run, number: asked.append(run.path))
    for one in done:
        quality.finish(one)
    wanted = [one.path for one in done if one.entry.name in (NAMES["b"], NAMES["c"])
              or (one.entry.name, one.seed) == (NAMES["a"], 1)]  # fmt: skip
    assert asked == wanted


def test_pictures_that_are_too_small_leave_a_model_out(tmp_path):
    # enlarged digits would be other data
    entries = [parse("acgan:width=4,depth=8"), parse("dcgan")]
    found = quality.trials(entries, ["digits", "mnist"], 1, tmp_path, 1)
    assert [(one.data, one.entry.model) for one in found] == [
        ("digits", "dcgan"), ("mnist", "acgan"), ("mnist", "dcgan"),
    ]  # fmt: skip


def test_folders_of_one_name_are_not_mixed_up(tmp_path):
    # one would be "finished" with the other's pictures
    data = [str(tmp_path / "a" / "cats"), str(tmp_path / "b" / "cats"), "..", "digits"]
    found = quality.trials([parse("gan")], data, 1, tmp_path / "out", 1)
    places = [one.path.resolve() for one in found]
    assert len(set(places)) == 4
    for place in places:
        assert place.is_relative_to((tmp_path / "out").resolve())
    assert places[3] == (tmp_path / "out" / "digits" / "gan" / "seed-0").resolve()
