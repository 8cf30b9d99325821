"""Diagnoses of trained runs: what the log says, and whether samples are training items."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from conftest import QUICK, follow
from liangyi.cli import main
from liangyi.core import registry
from liangyi.core.batch import Images
from liangyi.core.config import Config
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update, verb
from liangyi.core.verbs import samples
from liangyi.data import choose
from liangyi.doctor import diagnosis
from liangyi.doctor.diagnosis import diagnose, verdicts_of
from liangyi.doctor.facts import Facts
from liangyi.doctor.rules import verdicts
from liangyi.metrics.card import Card
from liangyi.metrics.memorisation import memorisation
from liangyi.runs.cards import keep
from liangyi.runs.run import Run
from liangyi.session import Session, Stepped, create
from liangyi.session.report import write_report


@pytest.fixture(scope="session")
def examined(small, tmp_path_factory) -> Path:
    """Return a small GAN of digits, examined at each second step."""
    path = tmp_path_factory.mktemp("examined") / "run"
    for _ in follow(small("gan").run(path)):
        pass
    return path


@pytest.fixture
def run(examined, tmp_path) -> Run:
    return Run(shutil.copytree(examined, tmp_path / "run"))


def digits(split: str) -> Tensor:
    data = choose("digits").split(split)
    (image,) = data.batch(Images, torch.arange(len(data)))
    return image


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[[Tensor], None]:
    """Return a function that makes every model draw these items, over and over."""

    def make(items: Tensor) -> None:
        monkeypatch.setattr(
            diagnosis, "samples", lambda model, count: items[torch.arange(count) % len(items)]
        )

    return make


def names(run: Run) -> list[str]:
    return [verdict.name for verdict in diagnose(run)]


def complaint(run: Run) -> str:
    with pytest.raises(UserError) as error:
        diagnose(run)
    assert "\n" not in str(error.value)
    return str(error.value)


def write_log(run: Run, **sick: float) -> None:
    """Put a training of twenty looks in the place of the log."""
    well = {
        "diversity": 0.98, "energy": 0.002, "duplicates": 0.0, "coverage": 0.9,
        "nearest_neighbour_accuracy": 0.6, "lowest_value": 0.0, "highest_value": 1.0,
        "saturated": 0.0, "drift": 0.1, "real_accuracy": 0.8, "fake_accuracy": 0.8,
        "gap": 1.0, "auc": 0.8, "held_out_accuracy": 0.78, "overfit": 0.1,
    } | sick  # fmt: skip
    lines = [{"step": 100 * look, **{f"signal/{name}": value for name, value in well.items()}}
             for look in range(1, 21)]  # fmt: skip
    (run.path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_model_that_draws_its_training_items_has_memorised_them(run, plant):
    plant(digits("train")[700:])
    write_log(run)
    assert [verdict.name for verdict in verdicts(run.lines(), Facts.of(run))] == ["healthy"]
    (verdict,) = diagnose(run)  # and is not healthy
    assert verdict.name == "memorised" and not verdict.healthy
    assert verdict.since == 4  # the checkpoint that draws so
    assert "100%" in verdict.evidence and verdict.advice


def test_a_model_that_draws_new_items_has_not(run, plant):
    # breaks when real items that were never seen would pass for copies
    plant(digits("test"))
    write_log(run)
    assert names(run) == ["healthy"]


def test_some_copies_are_no_verdict_and_many_are(run, plant):
    copies, new = digits("train")[:500], digits("test")
    write_log(run)
    for share, found in ((0.1, "healthy"), (0.5, "memorised")):
        count = int(500 * share)
        plant(torch.cat([copies[:count], new.repeat(2, 1, 1, 1)[: 500 - count]]))
        assert names(run) == [found], share


def test_memorised_stands_beside_what_else_is_wrong(run, plant):
    # breaks when one verdict takes another's place
    plant(digits("train"))
    write_log(run, diversity=0.1)
    assert names(run) == ["mode collapse", "memorised"]


def test_a_small_training_says_what_its_log_says(run):
    # its samples are noise, which copies nothing
    assert diagnose(run) == verdicts(run.lines(), Facts.of(run))


@pytest.mark.parametrize("source", ["train", "test"])
def test_the_report_says_the_same_where_there_are_scores(source, run, plant):
    # breaks when `diagnose` and report.html contradict each other
    items = digits(source)
    plant(items)
    every, held_out = (digits(split).flatten(1) for split in ("train", "test"))
    seen = memorisation(items[:500].flatten(1), every, held_out)
    card = Card(metric="memorised", value=seen.share, better="lower", error=seen.error,
                floor=seen.expected, step=4)  # fmt: skip
    keep([card], run)
    found = diagnose(run)
    assert ("memorised" in [verdict.name for verdict in found]) == (source == "train")
    assert [v.name for v in found] == [v.name for v in verdicts_of(run)]


def test_the_samples_are_the_trained_model_s_own(run, monkeypatch):
    # breaks when random weights, or weights that are not averaged, are looked at
    seen: list[Tensor] = []

    def drawn(model, count, *more):
        seen.append(samples(model, count, *more))
        return seen[-1]

    monkeypatch.setattr(diagnosis, "samples", drawn)
    state = torch.get_rng_state()
    first = diagnose(run)
    assert torch.equal(state, torch.get_rng_state()) and diagnose(run) == first
    assert torch.equal(seen[0], samples(run.model(), 500)) and torch.equal(*seen)


@pytest.mark.parametrize("data", ["ring", "digits"])
def test_where_nothing_can_be_looked_up_the_log_alone_speaks(data, small, tmp_path, monkeypatch):
    # a law has no items, a classifier draws none, and without a checkpoint there is no model
    monkeypatch.setattr(diagnosis, "samples", None)
    name = "gan" if data == "ring" else "mnist-mlp"
    here = dataclasses.replace(small(name), source=choose(data))
    made = here.run(tmp_path / "made")
    for _ in follow(made):
        pass
    assert diagnose(made) == verdicts(made.lines(), Facts.of(made)) == verdicts_of(made)


def test_without_a_checkpoint_the_log_alone_speaks(run, monkeypatch):
    monkeypatch.setattr(diagnosis, "samples", None)
    shutil.rmtree(run.path / "checkpoints")
    assert diagnose(run) == verdicts(run.lines(), Facts.of(run))


def test_too_few_different_items_tell_no_copies(run, plant, monkeypatch):
    # breaks when the doctor gives up where one of its questions has no answer
    few = choose("digits").split("train")
    few.columns["image"][:] = few.columns["image"][:1]
    monkeypatch.setattr(Run, "data", lambda run, source: few)
    assert diagnose(run) == verdicts(run.lines(), Facts.of(run))


def test_a_run_that_has_learned_nothing_is_one_line(small, tmp_path):
    run = small("gan").run(tmp_path / "run")
    assert complaint(run) == f"{run.path} has learned nothing yet; `liangyi resume {run.path}`"


def test_a_run_without_signals_is_one_line(small, tmp_path):
    run = small("gan").run(tmp_path / "run", examine_every=0)
    for _ in follow(run):
        pass
    assert "without the doctor's signals; train with 250 steps between them" in complaint(run)
    assert verdicts_of(run) == []


def test_data_that_have_changed_since_are_one_line(run):
    plain = json.loads((run.path / "config.json").read_text())
    plain["fingerprint"] = "another"
    (run.path / "config.json").write_text(json.dumps(plain))
    assert "is not what" in complaint(Run(run.path))


def test_a_damaged_checkpoint_alone_is_one_line(run):
    for file in run.path.glob("checkpoints/*/weights.safetensors"):
        file.write_bytes(b"")
    assert "no checkpoint" in complaint(run)


def shown_in(run: Run) -> list[str]:
    """Return the names of the verdicts on a run's page, in order."""
    page = run.report.read_text(encoding="utf-8")
    pattern = r'<div class="verdict(?: well)?">\s*<(?:strong|h3)>(.*?)</'
    return re.findall(pattern, page)


@pytest.mark.parametrize("sick", ["nothing", "copies", "collapse"])
def test_who_asks_and_the_page_are_told_the_same(sick, run, plant, capsys):
    # breaks when `diagnose` prints one verdict and report.html shows another
    plant(digits("train" if sick == "copies" else "test"))
    write_log(run, **({"diversity": 0.1} if sick == "collapse" else {}))
    wanted = {"nothing": "healthy", "copies": "memorised", "collapse": "mode collapse"}[sick]
    assert main(["diagnose", str(run.path), "--json"]) == 0
    told = [verdict["name"] for verdict in json.loads(capsys.readouterr().out)]
    assert told == shown_in(run) == [v.name for v in verdicts_of(run)] == [wanted]
    write_report(run)  # as training and scoring do
    assert shown_in(run) == told
    assert main(["diagnose", str(run.path)]) == 0
    assert capsys.readouterr().out.startswith(wanted)


def test_what_an_older_checkpoint_copied_is_not_held_against_a_newer_one(run, plant):
    plant(digits("train"))
    write_log(run)
    assert names(run) == ["memorised"]
    kept = json.loads((run.path / "copies.json").read_text())
    (run.path / "copies.json").write_text(json.dumps(kept | {"step": 2}))
    assert [v.name for v in verdicts_of(run)] == ["healthy"]


@pytest.mark.parametrize("content", ["", "[]", '{"step": 4}', '{"step": 4, "share": "x"}'])
def test_what_was_seen_of_copies_may_be_damaged(run, plant, content):
    plant(digits("test"))
    write_log(run)
    (run.path / "copies.json").write_text(content)
    assert [v.name for v in verdicts_of(run)] == ["healthy"] == names(run)


def test_before_the_first_look_it_says_when_that_comes(small, tmp_path):
    # breaks when whoever looks early is told that the signals were switched off
    run = small("gan").run(tmp_path / "run", examine_every=3, steps=4)
    assert "has learned nothing yet" in complaint(run)
    session = Session(run)
    for event in session:
        if isinstance(event, Stepped):
            session.stop()
    assert run.lines() and run.made == 1
    said = complaint(run)
    assert "has made 1 step; the doctor's first look comes at step 3" in said
    assert f"liangyi resume {run.path}" in said
    for _ in follow(run):
        pass
    assert diagnose(run)


def test_a_run_that_is_being_trained_is_not_to_be_resumed(run, capsys):
    # breaks when whoever looks at a running training is sent to a command that refuses
    with run.lock():
        assert main(["diagnose", str(run.path)]) == 0
        assert "wait: it is being trained" in capsys.readouterr().out
    assert main(["diagnose", str(run.path)]) == 0
    assert "liangyi resume" in capsys.readouterr().out


def test_advice_is_typed_with_flags(run, capsys):
    write_log(run, drift=0.9, energy=0.2)
    assert main(["diagnose", str(run.path)]) == 0
    out = capsys.readouterr().out
    assert "--betas 0 0.99: less momentum" in out
    write_log(run, energy=0.2, coverage=0.01)
    assert main(["diagnose", str(run.path)]) == 0
    out = capsys.readouterr().out
    assert f"liangyi resume {run.path} --steps 4000" in " ".join(out.split())


def test_three_pictures_are_told_before_the_first_step(tmp_path, capsys):
    for number, image in enumerate(digits("train")[:3]):
        picture = Image.fromarray((image[0] * 255).byte().numpy())
        (tmp_path / "mine").mkdir(exist_ok=True)
        picture.save(tmp_path / "mine" / f"{number}.png")
    words = "train gan --generator-widths 8 --discriminator-widths 8 --batch-size 2 --steps 2"
    where = ["--data", str(tmp_path / "mine"), "--out", str(tmp_path / "run")]
    assert main([*words.split(), *where]) == 0
    err = capsys.readouterr().err
    assert "3 items to learn from" in err and "few hundred" in err
    assert err.index("3 items") < err.index("gan on")
    assert "doctor: too few items" in err
    assert [v.name for v in diagnose(Run(tmp_path / "run"))] == ["too few items"]


class Smear(Model):
    """The mean of all pictures, whatever is asked."""

    def networks(self):
        self.picture = nn.Parameter(torch.zeros(self.spec.shape))

    def updates(self, batch, step):
        loss = (self.picture - batch.image).square().mean()
        yield Update(self.picture, loss, loss=loss)

    def optimizer(self, player, weights):
        return torch.optim.SGD(weights, lr=1.0)

    def generated(self, count, given=None):
        return self.Batch(self.picture.expand(count, -1, -1, -1))

    @verb
    def sample(self, count: int) -> Tensor:
        return self.generated(count)[0]


@pytest.mark.parametrize(("steps", "said"), [(250, "mode collapse"), (10, "under-trained")])
def test_a_run_that_draws_one_smear_has_collapsed(steps, said, tmp_path, forgetful):
    # breaks when the only look at a run that draws one picture 64 times sends it on
    kind = registry.register("smear")(Smear)
    training = dataclasses.replace(QUICK, steps=steps, examine_every=250, sample_every=250)
    made = create(kind, Config(), choose("digits"), training, tmp_path / "run")
    for _ in follow(made):
        pass
    assert sum("signal/energy" in line for line in made.lines()) == 1
    assert names(made) == [said] == shown_in(made)
