"""The best checkpoint: chosen by items of its own, never deleted, taken by default."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import nn

from conftest import QUICK, follow, same
from liangyi import api, data
from liangyi.core import registry
from liangyi.core.config import Config
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update, verb
from liangyi.runs import checkpoint
from liangyi.runs.run import Run
from liangyi.scoring.subject import Subject
from liangyi.scoring.validation import validation_of
from liangyi.session import Ended, Message, Session, best, create

PEAK = 6  # step at which it is best


class Peak(Model):
    """w = number of steps; what it says of itself is best at PEAK, and no number at 10."""

    def networks(self):
        self.w = nn.Parameter(torch.zeros(()))

    def optimizer(self, player, weights):
        return torch.optim.SGD(weights, lr=1.0)

    def updates(self, batch, step):
        yield Update(self.w, -self.w, loss=self.w)

    @verb
    def evaluate(self, batch):
        """Return how far it is from its best."""
        w = self.w.detach()
        return {"steps": w, "error": torch.where(w == 10, math.nan, (w - PEAK).square())}


@pytest.fixture
def peak(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_models", dict(registry._models))
    kind = registry.register("peak")(Peak)

    def make(name="run", **settings):
        settings = {"steps": 14, "checkpoint_every": 2, "average": 0.0} | settings
        training = dataclasses.replace(QUICK, **settings)
        return create(kind, Config(), data.choose("digits"), training, tmp_path / name)

    return make


def reached(model):
    return model.w.item()


def test_the_best_stays_beside_the_newest_and_is_taken(peak, capsys):
    run = peak()
    list(Session(run))
    assert run.best == PEAK and run.made == 14
    assert run.saved() == [14, 12, PEAK]  # breaks when only the newest ones stay
    assert run.trained()[1] == PEAK and reached(run.model()) == PEAK
    assert reached(run.model(weights="newest")) == 14
    capsys.readouterr()
    assert reached(api.load(run)) == PEAK
    said = "weights: best, step 6 of 14; weights='newest' for the newest"
    assert capsys.readouterr().err.splitlines() == [said]
    assert reached(api.load(run, weights="newest")) == 14 and not capsys.readouterr().err
    figures = {line["step"]: line.get("validation/error") for line in run.lines()}
    # a figure that is no number is none; the first figure with a direction is taken
    assert [figures[step] for step in (2, 6, 10, 14)] == [16, 0, None, 64]
    assert "step 6, error 0" in run.report.read_text()


def test_a_pace_of_its_own_or_none(peak):
    own, none = peak("own", validate_every=3, checkpoint_every=7), peak("none", validate_every=0)
    for run in (own, none):
        list(Session(run))
    assert own.best == 6 and own.saved() == [14, 12, 6]
    assert none.best is None and none.saved() == [14, 12]
    assert reached(none.model()) == 14
    assert not any(name.startswith("validation") for line in none.lines() for name in line)


def test_patience_ends_the_training_and_what_goes_on_knows(peak):
    run = peak(patience=2)
    *_, told, ended = Session(run)
    assert ended == Ended(10, finished=True) and run.state == "done"
    assert isinstance(told, Message)
    assert "nothing got better in 2 looks since step 6, error 0" in told.text
    assert [type(event) for event in Session(Run(run.path))][1:] == [Message, Ended]
    further = run.aimed_at(12)
    list(Session(further))
    assert further.made == 12 and further.saved() == [12, 10, PEAK]


@pytest.mark.parametrize("every", [1, 3])
def test_patience_ends_at_the_same_step_however_often_it_was_stopped(peak, every):
    # breaks when a counter of looks lives in Python, or a stopped step counts as a look
    run = peak(patience=3)
    while run.state != "done":
        goal = run.made + every
        for report in follow(run):
            if report.step == goal:
                break  # who leaves finds a checkpoint of this step
    assert run.made == 12 and run.best == PEAK and PEAK in run.saved()


def test_who_is_killed_while_a_checkpoint_is_written_loses_no_best(peak, monkeypatch):
    # a kill before the write, in it, and between it and the deletion of older ones
    calm = peak("calm")
    list(Session(calm))

    class Killed(BaseException):
        pass

    def dies(*_, **__):
        raise Killed

    for number, (owner, name) in enumerate(
        [(Run, "save"), (checkpoint, "save_file"), (checkpoint.shutil, "rmtree")]
    ):
        torn = peak(f"torn-{number}", keep=1)
        for kill_at in (4, PEAK, 8, 12):
            with pytest.raises(Killed), monkeypatch.context() as patch:
                for report in follow(torn):
                    if report.step == kill_at - 1:
                        patch.setattr(owner, name, dies)
            if kill_at > PEAK:
                assert torn.best == PEAK and reached(torn.model()) == PEAK
        list(Session(torn))
        assert torn.best == PEAK and torn.saved() == [14, PEAK]
        assert [x.get("validation/error") for x in torn.lines()] == [
            x.get("validation/error") for x in calm.lines()
        ]


def test_a_damaged_best_is_told_and_the_newest_is_taken(peak):
    run = peak()
    list(Session(run))
    (run.path / f"checkpoints/{PEAK:08d}/weights.safetensors").write_bytes(b"x" * 99)
    told = []
    assert run.trained(told.append)[1] == 14
    assert len(told) == 1 and told[0].endswith("; taking the newest")
    (run.path / f"checkpoints/{PEAK:08d}/state.json").write_text("{}")
    assert run.best == 12  # of those that are sound; breaks when a broken one is waited for


def test_looking_changes_no_weight(small, tmp_path):
    # breaks when samples for a look are drawn from the training's own stream
    runs = [
        small("dcgan").run(tmp_path / str(pace), steps=6, validate_every=pace) for pace in (0, 1)
    ]
    for run in runs:
        list(Session(run))
    one, other = (dict(run.newest(print).tensors) for run in runs)
    assert same(one, other)
    assert runs[0].best is None and runs[1].best is not None


def test_conditional_models_and_laws_are_looked_at_too(small, tmp_path):
    here = small("acgan")
    run = dataclasses.replace(here, source=data.choose("digits", size=20)).run(tmp_path / "a")
    law = dataclasses.replace(small("gan"), source=data.choose("ring")).run(tmp_path / "b")
    for one in (run, law):
        list(Session(one))
        assert all(math.isfinite(line["validation/energy"]) for line in one.lines()[1::2])
        assert one.best in (2, 4)


def test_where_nothing_tells_the_newest_is_kept_and_patience_is_refused(small, tmp_path):
    run = small("seqgan").run(tmp_path / "run")
    list(Session(run))
    assert run.best is None and run.trained()[1] == 4
    for name, settings in (("seqgan", {}), ("gan", {"validate_every": 0})):
        with pytest.raises(UserError, match="waits for something better") as told:
            small(name).run(tmp_path / "other", patience=3, **settings)
        assert told.value.setting == "patience" and not (tmp_path / "other").exists()


@pytest.mark.parametrize("name", ["gan", "mnist-cnn"])
@pytest.mark.parametrize("held_out", [0, 50, 297, 1000])
def test_what_chooses_and_what_reports_share_no_item(small, tmp_path, name, held_out):
    # breaks when a score is made of the items by which the best of many checkpoints was chosen
    first = data.choose("digits").split("train")
    every = first.subset(1500)
    parts = [first.part(every[held_out:], "a"), first.part(every[:held_out], "b")]
    plain = [{name: x.clone() for name, x in part.columns.items()} for part in parts]
    plain = [{"image": own["image"][:, 0], "label": own["label"]} for own in plain]
    source = api.source_of(plain[0], plain[1] if held_out else None)
    here = dataclasses.replace(small(name), source=source)
    run = here.run(tmp_path / "run")
    list(Session(run))
    subject = Subject.of(run, 5000, 0, lambda line: None)
    chose = validation_of(run.model(), source.split("train"), source.split("test"))
    if name == "mnist-cnn" and held_out <= 50:
        assert chose is None and run.best is None
        return

    def rows(split):
        return {row.numpy().tobytes() for row in split.columns["image"]}

    # a digit may be there twice; the rows of all items tell how many are
    doubles = len(first) - len(rows(first))
    choosing = rows(chose.items)
    assert len(choosing) >= 59 and run.best is not None
    if name == "gan":
        reported = subject.gathered(
            subject.held_out if subject.split == "test" else subject.train, subject.order()[0]
        ).image
        shown = {row.numpy().tobytes() for row in ((reported + 1) * 127.5).round().byte()}
        known = {row.numpy().tobytes() for row in first.columns["image"]}
        assert shown <= known  # the comparison means something
    else:
        shown = rows(subject.tested[0])
    assert len(choosing & shown) <= doubles


def test_an_evaluator_that_was_trained_before_looks_and_is_kept_with_the_run(
    small, tmp_path, monkeypatch
):
    network = small("mnist-cnn").build().eval()
    monkeypatch.setattr(best, "existing", lambda source, item: network)
    run = small("dcgan").run(tmp_path / "run")
    monkeypatch.setattr(best, "existing", None)  # from now on the run's own copy is asked
    list(Session(run))
    assert [name for name in run.lines()[1] if name.startswith("validation")] == [
        "validation/kernel"
    ]
    assert run.validated(4).figure == "kernel" and run.best in (2, 4)
