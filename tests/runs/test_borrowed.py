"""Networks that a model borrows: kept once beside the run, which needs their original no more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from conftest import follow, same
from liangyi.cli import main
from liangyi.core.errors import UserError
from liangyi.core.verbs import samples
from liangyi.runs.run import Run


@pytest.fixture
def lender(classifier: str, tmp_path: Path) -> Path:
    """Return a trained classifier that may be deleted."""
    return Path(shutil.copytree(classifier, tmp_path / "lender"))


@pytest.fixture
def dream(small, lender: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a run that looks through it, half-way."""
    here = small("deep-dream")
    here.config = type(here.config)(**{**vars(here.config), "classifier": str(lender)})
    run = here.run(tmp_path / "dream", steps=4, batch_size=1, average=0.5, checkpoint_every=2)
    for report in follow(run):
        if report.step == 2:
            break
    return run


def borrowed(run: Run) -> Path:
    """Return the one folder of what a run has borrowed."""
    (place,) = (run.path / "borrowed").iterdir()
    return place


def test_it_is_kept_once_and_in_no_checkpoint(dream, lender):
    # breaks when each checkpoint holds the classifier twice, its average included
    assert sorted(path.name for path in borrowed(dream).iterdir()) == [
        "about.json", "weights.safetensors"
    ]  # fmt: skip
    theirs = dict(Run(lender).model().state_dict())
    assert same(load_file(borrowed(dream) / "weights.safetensors"), theirs)
    assert not list(dream.path.rglob("*.partial"))
    tensors = dream.newest(print).tensors
    assert {"model/original", "model/octaves.0", "averaged/octaves.0"} <= tensors.keys()
    assert not any("features" in name for name in tensors)
    model = dream.build()
    assert any(name.startswith("features.network.") for name in model.state_dict())


def test_the_original_may_be_deleted(dream, lender, tmp_path, capsys):
    # breaks when a run is only as alive as the run that it once looked at
    whole = Run(shutil.copytree(dream.path, tmp_path / "whole"))
    for _ in follow(whole):
        pass
    shutil.rmtree(lender)
    assert main(["resume", str(dream.path)]) == 0
    assert dream.made == 4
    first, second = (dict(run.newest(print).tensors) for run in (whole, dream))
    assert same(first, second)
    model = Run(dream.path).model()
    assert torch.equal(model.dream(), whole.model().dream())
    with pytest.raises(UserError, match="deep-dream cannot sample"):
        samples(model, 1)
    assert main(["show", str(dream.path)]) == 0 and "octaves" in capsys.readouterr().out
    moved = dream.path.rename(tmp_path / "elsewhere")  # and the run may be moved
    assert torch.equal(Run(moved).model().dream(), whole.model().dream())


def test_a_change_of_the_original_does_not_reach_the_run(dream, lender):
    before = dream.model().features.network.state_dict()
    (file,) = lender.glob("checkpoints/00000004/weights.safetensors")
    save_file({name: value + 1 for name, value in load_file(file).items()}, file)
    assert same(dict(before), dict(Run(dream.path).model().features.network.state_dict()))


def test_another_reference_is_looked_for_itself(dream, lender, tmp_path):
    # breaks when whatever lies in the folder is taken for what somebody asks for
    shutil.rmtree(lender)
    plain = json.loads((dream.path / "config.json").read_text())
    plain["config"]["classifier"] = str(tmp_path / "other")
    (dream.path / "config.json").write_text(json.dumps(plain))
    with pytest.raises(UserError, match="no classifier at"):
        Run(dream.path).model()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def empty(file: Path) -> None:
    file.write_text("{}")


def foreign(file: Path) -> None:
    file.write_text(json.dumps({"model": "gan", "config": {}, "spec": {}}))


def nonsense(file: Path) -> None:
    file.write_text("[]")


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("weights.safetensors", cut),
        ("weights.safetensors", Path.unlink),
        ("about.json", cut),
        ("about.json", empty),
        ("about.json", foreign),
        ("about.json", nonsense),
    ],
)
def test_damage_is_one_line(dream, name, harm):
    harm(borrowed(dream) / name)
    with pytest.raises(UserError) as told:
        Run(dream.path).model()
    assert "\n" not in str(told.value) and len(str(told.value)) < 400


def test_models_that_borrow_nothing_have_no_such_folder(small, tmp_path, monkeypatch):
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))  # no evaluator was trained
    run = small("gan").run(tmp_path / "run")
    assert not (run.path / "borrowed").exists()
