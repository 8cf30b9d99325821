"""The examples run as they stand there, with a few steps."""

from __future__ import annotations

import math
import runpy
import sys
from pathlib import Path

import pytest
import torch

import liangyi
from liangyi.core import registry

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Return a function that runs an example and returns its names."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, steps: int) -> dict[str, object]:
        monkeypatch.setattr(sys, "argv", [name, str(steps), str(tmp_path / "out")])
        return runpy.run_path(str(EXAMPLES / name), run_name="__main__")

    yield run
    for name in ("own-lsgan", "double-softmax"):
        registry._models.pop(name, None)


def finite(run):
    """Whether something was learned, and every figure of it is a number."""
    lines = run.lines()
    return bool(lines) and all(math.isfinite(value) for line in lines for value in line.values())


def test_there_are_no_others():
    names = {"double_softmax", "first_training", "own_data", "own_loop", "own_model",
             "plain_pytorch"}  # fmt: skip
    assert {path.stem for path in EXAMPLES.glob("*.py")} == names


def test_a_first_training(example, tmp_path, capsys):
    names = example("first_training.py", 3)
    run = names["run"]
    assert run.path == tmp_path / "out" and run.state == "done" and run.report.is_file()
    assert names["pictures"].shape == (64, 1, 8, 8) and "under-trained" in capsys.readouterr().out


def test_own_pictures_as_arrays_with_labels_and_in_a_folder(example, tmp_path):
    example("own_data.py", 2)
    runs = {path.name: liangyi.Run(path) for path in (tmp_path / "out").iterdir()
            if liangyi.Run.there(path)}  # fmt: skip
    assert runs.keys() == {"array", "labelled", "folder"}
    assert all(finite(run) and run.spec.shape == (1, 20, 20) for run in runs.values())
    # breaks when the labels beside an array, or the classes of a folder, are lost on the way
    assert [len(runs[name].spec.classes) for name in ("array", "labelled")] == [0, 2]
    assert runs["folder"].spec.classes == ("left", "right")


def test_an_own_loop_stops_and_goes_on(example, tmp_path, capsys):
    example("own_loop.py", 6)
    run = liangyi.Run(tmp_path / "out")
    assert run.state == "done" and run.made == 6 and finite(run)
    assert "stopped at 3 to be resumed" in capsys.readouterr().out


def test_an_own_model_trains_from_python_and_as_a_file(example, tmp_path):
    example("own_model.py", 2)
    run = liangyi.Run(tmp_path / "out")
    assert run.kind.name() == "own-lsgan" and finite(run)
    registry._models.pop("own-lsgan")
    kind = liangyi.outside(EXAMPLES / "own_model.py")
    try:
        assert kind.name() == "own-lsgan" and kind.adversary == "values"
    finally:
        registry._outside.pop("own-lsgan")


def test_a_mistake_can_be_repeated(example, tmp_path, monkeypatch, capsys):
    words = ["double_softmax.py", "3", str(tmp_path / "out"), "digits"]
    monkeypatch.setattr(sys, "argv", words)
    runpy.run_path(str(EXAMPLES / "double_softmax.py"), run_name="__main__")
    run = liangyi.Run(tmp_path / "out")
    assert run.kind.name() == "double-softmax" and finite(run)
    assert "accuracy" in capsys.readouterr().out


def test_a_plain_loop_moves_both_players(example):
    before = liangyi.create("dcgan", "digits", width=32).state_dict()
    model = example("plain_pytorch.py", 2)["model"]
    moved = {name for name, value in model.state_dict().items()
             if not torch.equal(value, before[name])}  # fmt: skip
    # breaks when `updates` needs something of our trainer
    learned = dict(model.named_parameters())
    assert {name.split(".")[0] for name in moved & learned.keys()} == {"generator", "discriminator"}
    assert all(bool(value.isfinite().all()) for value in model.state_dict().values())
