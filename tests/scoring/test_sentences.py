"""Generated sentences: by the oracle, by the model itself, and by what they share."""

from __future__ import annotations

import dataclasses
import random

import pytest
import torch

from conftest import follow
from liangyi.core.binding import bound
from liangyi.core.verbs import samples
from liangyi.data import choose
from liangyi.metrics.text import bleu, self_bleu
from liangyi.scoring import score
from liangyi.scoring.held_out import figures_on as measured
from liangyi.scoring.scorers import sentences
from liangyi.use import asked
from liangyi.use.given import Given

from .conftest import named, subject_of


@pytest.fixture
def run(run_of):
    return run_of("seqgan")


def test_each_card_is_the_figure_of_its_name(run):
    # breaks when other samples are judged, or real and generated ones are swapped
    found = named(score(run, 300, seed=2))
    subject = subject_of(run, 300)
    drawn, (real, other) = samples(run.model(), 300, 2), subject.pair
    oracle, held_out = run.source(), run.source().split("test")
    law = {name: oracle.truth(items)["oracle_nll"]
           for name, items in (("drawn", drawn), ("real", real), ("other", other))}  # fmt: skip
    drawn, real, other = drawn.tolist(), real.tolist(), other.tolist()
    wanted = {
        "oracle_nll": (law["drawn"], law["other"]),
        "nll": (measured(run.model(), held_out)["test/nll"], law["real"]),
        "bleu_4": (bleu(drawn, real).mean(), bleu(other, real).mean()),
        "self_bleu_4": (self_bleu(drawn).mean(), self_bleu(other).mean()),
    }
    assert found.keys() == wanted.keys()
    for name, (value, floor) in wanted.items():
        assert found[name].value == pytest.approx(float(value), rel=1e-5), name
        assert found[name].floor == pytest.approx(float(floor), rel=1e-5), name
        assert 0 < found[name].margin < 0.2, name
    assert (found["nll"].split, found["nll"].real, found["nll"].generated) == ("test", 10_000, 0)
    assert found["bleu_4"].real == found["bleu_4"].generated == 300
    assert found["bleu_4"].better == "higher"
    assert {found[name].better for name in ("oracle_nll", "nll", "self_bleu_4")} == {"lower"}
    assert {card.features for card in found.values()} == {"tokens"}


def test_a_figure_a_word_is_the_same_however_sentences_are_shared_out(small, tmp_path, monkeypatch):
    # breaks when parts are weighed by their sentences: a short one counts as much as a long one
    monkeypatch.setattr(asked, "_PART", 7)
    dice = random.Random(0)
    lines = [dice.choices("abcdefgh", k=count) for count in [1] * 270 + [9] * 271]
    (tmp_path / "texts").mkdir()
    for name in ("train.txt", "test.txt"):
        (tmp_path / "texts" / name).write_text("\n".join(map(" ".join, lines)))
    source = choose(str(tmp_path / "texts"), length=9, unit="tokens", min_count=1)
    run = dataclasses.replace(small("seqgan"), source=source).run(tmp_path / "run", steps=1)
    for _ in follow(run):
        pass
    subject = subject_of(run, 50)
    model, data = subject.model, source.split("test")
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 6  # so that sentences differ
    batch = data.some(len(data), model.Batch)
    wanted = pytest.approx(float(model.evaluate(batch)["nll"]), rel=1e-5)
    about = Given(list(map(str, range(len(data)))), {"token": batch.token})
    assert asked.answered(model, bound(type(model), "evaluate", model.spec), about, {}) == {
        "nll": wanted
    }
    assert measured(model, data) == {"test/nll": wanted}
    (card,) = sentences._of_held_out(subject)
    assert card.value == wanted and 0 < card.error < 0.2


def test_many_sentences_are_compared_by_five_hundred(run):
    found = named(score(run, 700))
    assert found["oracle_nll"].generated == 700
    assert found["bleu_4"].real == found["self_bleu_4"].generated == 500


def test_sentences_of_the_oracle_are_as_good_as_the_floor(run, plant):
    plant(run.source().split().columns["token"][5000:5400])
    found = named(score(run, 400))
    for name in ("oracle_nll", "bleu_4", "self_bleu_4"):
        assert found[name].value == pytest.approx(found[name].floor, rel=0.1), name


def test_words_at_random_are_seen(run, plant):
    plant(torch.randint(12, (400, 5), generator=torch.Generator().manual_seed(0)))
    found = named(score(run, 400))
    assert found["oracle_nll"].value > found["oracle_nll"].floor + 1
    assert found["bleu_4"].value < 0.8 * found["bleu_4"].floor


def test_one_sentence_again_and_again_is_seen(run, plant):
    plant(run.source().split().columns["token"][:1].expand(400, -1))
    card = named(score(run, 400))["self_bleu_4"]
    assert card.value == pytest.approx(1) and card.floor < 0.9


def test_short_sentences_have_short_word_groups(small, tmp_path):
    # breaks when groups of four words are asked for where a sentence has three
    source = choose("oracle", vocabulary=12, length=3)
    here = dataclasses.replace(small("seqgan"), source=source)
    run = here.run(tmp_path / "short", steps=1)
    for _ in follow(run):
        pass
    assert {"bleu_3", "self_bleu_3"} < named(score(run, 50)).keys()


def test_intervals_hold_what_other_draws_give(run, plant):
    # breaks when the spread of sentences is taken for that of their mean
    every = run.source().split().columns["token"][5000:9000]
    names = ("oracle_nll", "bleu_4", "self_bleu_4")
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for part in every.split(200):  # twenty draws; of ten the spread itself is unsure
        plant(part)
        found = named(score(run, 200))
        for name in names:
            seen[name].append((found[name].value, found[name].error))
    for name, pairs in seen.items():
        values, errors = map(torch.tensor, zip(*pairs, strict=True))
        assert 0.5 < float(values.std() / errors.mean()) < 1.6, name
