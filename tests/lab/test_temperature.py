"""The bench of temperatures: both generators, one curve each, and real sentences beside them."""

from __future__ import annotations

import json
import math

import pytest
import torch

from liangyi.core.errors import UserError
from liangyi.core.spec import Words
from liangyi.lab import temperature
from liangyi.lab.entry import parse
from liangyi.lab.table import Summary
from liangyi.lab.trial import work

SMALL = "seqgan:width=8,reader_width=8,windows=1+2,filters=4+4,rollouts=1,vocabulary=12,length=5"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("temperature")
    finished = []
    for trial in work(temperature.trials([parse(SMALL)], ["oracle"], 1, out, 40), lambda line: 0):
        temperature.finish(trial)
        finished.append(trial)
    return finished


def test_the_first_of_two_stops_where_the_likelihood_stage_of_the_other_ends(done):
    before, game = (trial.run for trial in done)
    ends = game.config.likelihood_steps
    assert before.total == ends == before.config.likelihood_steps == 37 and game.total == 40
    with pytest.raises(UserError, match="gan learns nothing by likelihood"):
        temperature.trials([parse("gan")], ["ring"], 1, done[0].path, 40)


def test_a_curve_trades_diversity_for_quality(done):
    points = json.loads((done[0].path / "temperature.json").read_text())
    assert set(points) == {*(f"{t:g}" for t in temperature.TEMPERATURES), "real"}
    # breaks when the temperature does not reach the samples
    assert points["0.5"]["oracle_nll"] < points["1.2"]["oracle_nll"]
    assert points["0.5"]["self_bleu_4"] > points["1.2"]["self_bleu_4"]
    # at temperature 1 it is the model's own figure
    model, held_out = done[0].run.model(weights="newest"), done[0].run.source().split("test")
    batch = held_out.batch(model.Batch, held_out.subset(2000))
    assert points["1"]["nll"] == pytest.approx(float(model.evaluate(batch)["nll"]), rel=1e-4)
    assert points["real"]["oracle_nll"] < points["1"]["oracle_nll"]


def test_the_table_has_both_curves_and_the_figure_is_drawn(done):
    text, plain = temperature.table(done)
    plain = json.loads(json.dumps(plain))
    assert len(plain) == 2 * len(temperature.TEMPERATURES)
    assert {one["model"] for one in plain} == {SMALL, f"{SMALL} {temperature.LIKELIHOOD}"}
    assert text.count("\n| real sentences") == 1 and "self_bleu_4" in text
    assert [len(axes.lines) for axes in temperature._figure(plain).axes] == [2, 2]
    assert "likelihood at temperature" in temperature._seen(plain)


def test_sentences_too_short_for_bleu_have_none_and_end_nothing(done):
    # breaks when a game that collapsed to three words ends the whole bench
    field, short = Words(3, 12), torch.tensor([[1, 2, 3]] * 4)
    source = done[0].run.source()
    point = temperature._judged(source.split("train"), field, short, [[1, 2, 3, 4]])
    assert math.isnan(point["bleu_4"]) and math.isnan(point["self_bleu_4"])
    plain = json.loads(json.dumps(temperature.table(done)[1]))
    for one in plain:
        if one["temperature"] == 0.5 or one["model"] == SMALL:
            one |= {column: Summary((math.nan,)).json() for column in ("bleu_4", "self_bleu_4")}
    lines = [line for axes in temperature._figure(plain).axes for line in axes.lines]
    assert [len(line.get_xdata()) for line in lines] == [len(temperature.TEMPERATURES) - 1, 0, 8, 8]
    assert "No two trainings" in temperature._seen(plain)


def test_text_without_held_out_sentences_is_told_before_anything_is_trained(tmp_path):
    # breaks when the first curve tells: after the training
    path = tmp_path / "lines.txt"
    path.write_text("a b c a b\n" * 40)
    small = parse("seqgan:width=4,reader_width=4,windows=1+,filters=4+,rollouts=1,batch_size=4")
    with pytest.raises(UserError, match="holds no sentences out"):
        temperature.trials([small], [str(path)], 1, tmp_path / "out", 30)


def test_lines_of_a_text_are_sentences_of_twenty_words(tmp_path):
    for name in ("train", "test"):
        (tmp_path / f"{name}.txt").write_text("a b c a b\n" * 40)
    first, _ = temperature.trials([parse("seqgan")], [str(tmp_path)], 1, tmp_path / "out", 30)
    assert first.source().spec().created.length == 20


@pytest.mark.parametrize("settings", ["likelihood_steps=40", "pretrain_steps=20", "steps=1"])
def test_a_game_that_never_begins_is_refused(settings, tmp_path):
    # breaks when likelihood alone stands in the table as a game
    with pytest.raises(UserError, match="no step left for its game"):
        temperature.trials([parse(f"{SMALL},{settings}")], ["oracle"], 1, tmp_path, 40)


def test_stages_are_shares_of_the_steps_that_an_entry_wants(tmp_path):
    # breaks when they are shares of the usual steps: sixty would be all likelihood
    before, game = temperature.trials([parse(f"{SMALL},steps=60")], ["oracle"], 1, tmp_path, None)
    ends, total = before._parts()["training"].steps, game._parts()["training"].steps
    assert (ends, total) == (55, 60)


def test_nothing_is_drawn_where_no_training_came_to_its_end():
    # breaks when a panel is named after data of which there is no row
    assert not any(axes.get_visible() for axes in temperature._figure([]).axes)
