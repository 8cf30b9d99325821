"""Trials: trained once, in a fair order, taken up where they stopped, left alone if another's."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from liangyi.core.errors import UserError
from liangyi.lab import modes, quality, trial
from liangyi.lab.entry import parse
from liangyi.lab.trial import Trial, failed, work
from liangyi.runs import checkpoint
from liangyi.session import Stepped

SMALL = "gan:generator_widths=8+,discriminator_widths=8+,latent=2"
RECIPE = {
    "steps": 8,
    "batch_size": 16,
    "log_every": 1,
    "sample_every": 8,
    "examine_every": 4,
    "checkpoint_every": 2,
    "device": "cpu",
}


def make(path, name=SMALL, seed=0, **recipe):
    return Trial(parse(name), "ring", seed, path, RECIPE | recipe)


def interrupted(monkeypatch, after):
    """Let the next training be left after so many steps, as by Ctrl-C."""
    true = trial.Session

    def session(run):
        for event in true(run):
            yield event
            if isinstance(event, Stepped) and event.step == after:
                monkeypatch.setattr(trial, "Session", true)
                raise KeyboardInterrupt

    monkeypatch.setattr(trial, "Session", session)


@pytest.fixture
def nothing_is_trained(monkeypatch):
    """Return a function after which any training is an error."""

    def forbid():
        def never(*args):
            raise AssertionError("trained again")

        monkeypatch.setattr(trial, "Session", never)
        monkeypatch.setattr(trial, "create", never)
        monkeypatch.setattr(Trial, "train", never)

    return forbid


def tensors(one):
    return checkpoint.load(one.path / "checkpoints/00000008").tensors


def log(one):
    times = ("seconds", "items_per_second")
    return [{k: v for k, v in line.items() if k not in times} for line in one.run.lines()]


def test_what_was_interrupted_ends_with_the_same_bits(tmp_path, monkeypatch):
    whole, broken = make(tmp_path / "whole"), make(tmp_path / "broken")
    assert whole.run is None and not whole.finished
    whole.train()
    assert whole.finished
    interrupted(monkeypatch, after=5)
    with pytest.raises(KeyboardInterrupt):
        broken.train()
    assert checkpoint.steps(broken.path / "checkpoints")[0] == 5
    assert not broken.finished
    broken.train()
    assert broken.finished and log(whole) == log(broken)
    one, other = tensors(whole), tensors(broken)
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


def test_it_goes_on_and_does_not_begin_anew(tmp_path, monkeypatch):
    # the same bits would come of starting over: count the steps
    one = make(tmp_path / "run")
    interrupted(monkeypatch, after=5)
    with pytest.raises(KeyboardInterrupt):
        one.train()
    true, seen = trial.Session, []

    def session(run):
        for event in true(run):
            if isinstance(event, Stepped):
                seen.append(event.step)
            yield event

    monkeypatch.setattr(trial, "Session", session)
    one.train()
    assert seen == [6, 7, 8]


def test_seeds_make_different_trainings(tmp_path):
    one, other = (make(tmp_path / str(seed), seed=seed) for seed in (0, 1))
    for each in (one, other):
        each.train()
        assert each.run.training.seed == each.seed
    first, second = tensors(one), tensors(other)
    assert not all(torch.equal(first[name], second[name]) for name in first)


def test_the_entry_wins_over_the_recipe(tmp_path):
    one = make(tmp_path / "run", SMALL + ",steps=1,batch_size=4")
    one.train()
    assert (one.run.training.steps, one.run.training.batch_size) == (1, 4)
    assert one.run.config.latent == 2 and one.finished


def test_a_finished_one_is_not_trained_again(tmp_path, nothing_is_trained):
    one = make(tmp_path / "run", steps=2)
    assert list(work([one], lambda line: None)) == [one]
    nothing_is_trained()
    told = []
    assert list(work([one], told.append)) == [one]
    assert not told  # nor announced


@pytest.mark.parametrize(("rate", "step"), [("1e30", 0), ("1e13", 1)])
def test_a_failed_training_is_a_result_and_not_repeated(tmp_path, nothing_is_trained, rate, step):
    # of the first step nothing would be logged: it was trained again each time, and had no result
    one = make(tmp_path / "run", f"{SMALL},learning_rate={rate}")
    assert list(work([one], lambda line: None)) == [one]
    assert one.finished and failed(one.run)
    assert one.run.lines()[-1]["step"] == step
    assert modes.result(one) is None
    nothing_is_trained()
    assert list(work([one], lambda line: None)) == [one]


def test_a_sound_training_did_not_fail(tmp_path):
    # the last line of a sound log has signals too
    one = make(tmp_path / "run", steps=2)
    one.train()
    assert not failed(one.run)


@pytest.fixture
def elsewhere():
    """Return a function that lets another process hold a run, and the one that ends it."""
    script = (
        "import sys, filelock; lock = filelock.FileLock(sys.argv[1]); lock.acquire();"
        "print('held', flush=True); sys.stdin.read()"
    )
    begun = []

    def hold(one):
        words = [sys.executable, "-c", script, str(one.path / ".lock")]
        other = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        begun.append(other)
        assert other.stdout.readline() == "held\n"
        return lambda: other.communicate()

    yield hold
    for other in begun:
        if other.poll() is None:
            other.kill()
            other.communicate()


def test_what_another_process_trains_is_passed_over_and_said(tmp_path, elsewhere, monkeypatch):
    theirs, ours = make(tmp_path / "theirs", steps=4), make(tmp_path / "ours", steps=2)
    interrupted(monkeypatch, after=2)
    with pytest.raises(KeyboardInterrupt):
        theirs.train()
    elsewhere(theirs)
    before = log(theirs)
    told = []
    assert list(work([theirs, ours], told.append)) == [ours]
    assert f"{theirs.path} is being trained by another process; passing over it" in told
    assert log(theirs) == before and not theirs.finished


def test_what_was_passed_over_is_looked_at_again(tmp_path, elsewhere, monkeypatch):
    # they ended meanwhile, or were killed: their row must not be missing from the table
    theirs, ours = make(tmp_path / "theirs", steps=4), make(tmp_path / "ours", steps=2)
    interrupted(monkeypatch, after=2)
    with pytest.raises(KeyboardInterrupt):
        theirs.train()
    let_go = elsewhere(theirs)
    found = []
    for one in work([theirs, ours], lambda line: None):
        found.append(one)
        if one is ours:
            let_go()
    assert found == [ours, theirs] and theirs.finished


def test_wrong_settings_are_no_other_process(tmp_path):
    one = make(tmp_path / "run", "dcgan:width=4")
    with pytest.raises(UserError, match=r"dcgan needs pictures, this data has points"):
        list(work([one], lambda line: None))
    assert not one.path.exists()


def test_trainings_of_other_length_are_no_results_of_this_bench(tmp_path, nothing_is_trained):
    # tried with --steps 2 first: two steps would stand in the table as if they were eight
    make(tmp_path / "run", steps=2).train()
    nothing_is_trained()
    later = make(tmp_path / "new"), make(tmp_path / "run")
    with pytest.raises(UserError, match="a training of 2 steps, not of 8; name another place"):
        list(work(later, lambda line: None))
    assert not later[0].path.exists()  # known before the first hour of training


@pytest.mark.parametrize(("bench", "data"), [(modes, ["ring", "grid"]), (quality, ["digits"])])
def test_every_first_seed_comes_before_any_second(tmp_path, bench, data):
    # a bench that is stopped early is a table of fewer seeds, not of fewer models
    entries = [parse("gan"), parse("gan:pack=2")]
    found = bench.trials(entries, data, 3, tmp_path, 4)
    assert [one.seed for one in found] == [0] * 2 * len(data) + [1] * 2 * len(data) + [2] * 2 * len(
        data
    )
    assert len({one.path for one in found}) == len(found)
    for one in found:
        assert one.path.is_relative_to(tmp_path) and one.recipe["steps"] == 4


def test_a_model_with_a_recipe_of_epochs_makes_the_steps_of_the_bench(tmp_path):
    # breaks when it trains for its hundred epochs, and the others for eight steps
    one = Trial(parse("bigan:hidden=8,latent=4"), "digits", 0, tmp_path / "run", RECIPE)
    one.train()
    assert one.run.made == 8 and one.finished
    other = Trial(parse("bigan:hidden=8,latent=4,epochs=0.05"), "digits", 0, tmp_path / "e", RECIPE)
    other.train()  # 0.05 * 1500 / 16
    assert other.run.made == 5 and other.finished
