"""Runs, models and cards in a notebook: what they are, with every word escaped."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

import liangyi
from liangyi.core import registry
from liangyi.core.cell import cell
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.metrics.card import Cards
from liangyi.runs.building import build
from liangyi.runs.run import Run
from liangyi.session import Session
from liangyi.views.cells import progress_cell
from liangyi.views.curves import curves

from .reading import EVIL, Page, asks_others, card

TEN = Label(tuple(map(str, range(10))))
SMALL = {"width": 4, "depth": 8, "latent": 8}


@pytest.fixture(scope="module")
def run(small, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "first"
    made = small("gan").run(path, steps=20, sample_every=10, log_every=2)
    list(Session(made))
    return made


def test_a_run_shows_what_it_is_how_far_it_draws_and_learned(run):
    html = liangyi.Run(run.path)._repr_html_()
    read = Page(html)
    said = " ".join(read.words.split())
    for words in ("first", "gan on digits", "20 of 20 steps", "done", "discriminator", "generator"):
        assert words in said
    assert [image["alt"] for image in read.all("img")] == ["newest samples", "curves"]
    assert not asks_others(html.replace("style=", "s=")) and not read.all("script")


def test_its_words_say_the_same_in_one_line(run):
    assert str(run) == f"Run({str(run.path)!r}: gan on digits, done, 20 of 20 steps)"


def test_a_run_that_has_not_begun_is_shown(small, tmp_path):
    run = small("gan").run(tmp_path / "new", steps=5)
    read = Page(run._repr_html_())
    assert "0 of 5 steps" in " ".join(read.words.split()) and not read.all("img")


def test_a_damaged_log_is_said_and_the_rest_still_shown(small, tmp_path):
    run = small("gan").run(tmp_path / "run", steps=2)
    list(Session(run))
    run.scores.write_text("nonsense")
    said = " ".join(Page(run._repr_html_()).words.split())
    assert "2 of 2 steps" in said and "scores.json is not JSON" in said


def test_names_of_folders_data_classes_and_metrics_cannot_become_markup(small, tmp_path):
    evil = "><b onclick=x>&$\\frac$"
    run = small("gan").run(tmp_path / evil, steps=2)
    list(Session(run))
    with (run.path / "log.jsonl").open("a") as log:
        log.write(json.dumps({"step": 3, evil: 1.0}) + "\n")
    plain = json.loads((run.path / "config.json").read_text())
    plain["data"]["data"] = evil
    (run.path / "config.json").write_text(json.dumps(plain))
    read = Page(Run(run.path)._repr_html_())
    assert not read.all("b") and read.words.count(evil) >= 4

    kind = registry.find("acgan")
    spec = Spec("image", image=Pixels(1, 20, 20), label=Label((EVIL, "b")))
    read = Page(build(kind, kind.Config(**kind.tiny), spec, 0)._repr_html_())
    assert not read.all("b") and EVIL in read.words

    read = Page(Cards([card(EVIL, about=EVIL)])._repr_html_())
    assert not read.all("b") and read.words.count(EVIL) == 2

    read = Page(progress_cell(EVIL, 0.5))
    assert not read.all("b") and EVIL in read.words


def test_a_model_shows_parts_weights_verbs_and_settings():
    model = liangyi.create("acgan", Spec("image", image=Pixels(1, 20, 20), label=TEN), **SMALL)
    read = Page(model._repr_html_())
    said = " ".join(read.words.split())
    for name, part in model.named_children():
        count = sum(weights.numel() for weights in part.parameters())
        assert f"{name}{type(part).__name__} {count:,}" in said
    assert f"all {sum(weights.numel() for weights in model.parameters()):,}" in said
    assert "for image [1 20 20]" in said and "10 classes: 0, 1" in said
    assert "sample(count, label)" in said and "pictures of one class" in said and "`" not in said
    for field in dataclasses.fields(model.config):
        assert field.name in said
    assert "length of the noise" in said


def test_cards_show_value_interval_floor_and_meaning():
    found = Cards([card("frechet", 62.96, error=1.5), card("mmd", 0.5, error=None, floor=None)])
    said = " ".join(Page(found._repr_html_()).words.split())
    assert "frechet 63 ± 3 60 … 66 0.2 a distance; lower is better" in said
    assert "95 % interval" in said
    alone = Page(found[1]._repr_html_()).words
    assert "mmd" in alone and "±" not in alone.split("mmd")[1].split("a distance")[0]


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_what_is_not_finite_breaks_no_cell(broken):
    assert Page(card(value=broken, error=broken, floor=broken)._repr_html_())
    lines = [{"step": n, "loss": broken} for n in range(100)]
    assert curves(lines).key[0][1] == "loss"


def test_what_nobody_registered_has_no_html():
    assert cell(object()) is None
