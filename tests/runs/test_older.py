"""Runs made by the version before there were fields: they are read, resumed, sampled, diagnosed.

`before/` holds what that version wrote: `liangyi train gan --steps 20 --generator-widths 8 ...` on
digits, a classifier and what looked through it, and the settings of two others.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from conftest import follow
from liangyi.cli import main
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec, Words
from liangyi.doctor.diagnosis import diagnose
from liangyi.runs import older
from liangyi.runs.run import Run

BEFORE = Path(__file__).parent / "before"
DIGITS = tuple("0123456789")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """Return a copy of all runs of before, as if they had been made here."""
    folder = Path(shutil.copytree(BEFORE, tmp_path / "before"))
    dream = folder / "deep-dream" / "config.json"
    plain = json.loads(dream.read_text())
    plain["config"]["classifier"] = str(folder / "mnist-cnn")
    dream.write_text(json.dumps(plain))
    return folder


def test_what_they_are_is_said_in_todays_words(before):
    run = Run(before / "gan")
    assert run.spec == Spec("image", image=Pixels(1, 8, 8), label=Label(DIGITS))
    assert (run.made, run.total, run.state, run.data_name) == (20, 20, "done", "digits")
    assert run.training.compile == "auto"
    acgan, seqgan = Run(before / "acgan"), Run(before / "seqgan")
    assert acgan.spec == Spec("image", image=Pixels(1, 20, 20), label=Label(DIGITS))
    assert acgan.source().config.size == 20
    assert seqgan.spec == Spec("token", token=Words(5, 12))
    config = json.loads((before / "seqgan" / "config.json").read_text())["config"]
    assert seqgan.config.discriminator_steps == config["judgings"]
    assert seqgan.config.pretrain_steps == config["judging_steps"]
    assert (seqgan.source().config.vocabulary, seqgan.source().config.length) == (12, 5)


def test_one_that_was_never_trained_begins(before):
    # breaks when the data of today has another fingerprint, or a renamed setting gets lost
    run = Run(before / "acgan").aimed_at(2)
    assert [report.step for report in follow(run)] == [1, 2]
    assert json.loads((run.path / "config.json").read_text())["format"] == 1
    assert Run(run.path).spec == run.spec  # what is written anew is read, too


def test_a_game_of_words_goes_on_with_its_baseline(before, tmp_path):
    # breaks when what was not said then is today's default: the authors' code subtracts none
    assert Run(before / "seqgan").config.baseline
    with pytest.raises(UserError, match="oracle is not what"):
        for _ in follow(Run(before / "seqgan").aimed_at(2)):  # its sentences are another draw
            pass


def test_samples_are_those_of_its_weights(before, tmp_path):
    # breaks when weights are called otherwise today
    model = Run(before / "gan").model()
    (file,) = before.glob("gan/checkpoints/*/weights.safetensors")
    kept = {k.removeprefix("averaged/"): v for k, v in load_file(file).items() if "averaged" in k}
    assert kept.keys() == model.state_dict().keys()
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    out = tmp_path / "drawn.npy"
    assert main(["sample", str(before / "gan"), "--number", "5", "--out", str(out)]) == 0
    assert np.load(out).shape == (5, 8, 8, 1)


def test_it_goes_on_with_its_optimisers(before):
    # breaks when a player's state is looked for under another name: Adam would begin anew
    run = Run(before / "gan")
    found = run.newest(print)
    assert found.plain["optimizers"].keys() == {"generator", "discriminator"}
    assert main(["resume", str(run.path), "--steps", "22"]) == 0
    assert [line["step"] for line in Run(run.path).lines()] == [10, 20, 22]
    now = Run(run.path).newest(print).tensors
    assert all(now[name] == 22 for name in now if name.endswith("/step"))


def test_its_log_is_in_todays_words_and_its_diagnosis_is_the_same(before, capsys):
    run = Run(before / "gan")
    written = [json.loads(text) for text in (run.path / "log.jsonl").read_text().splitlines()]
    lines = run.lines()
    assert [len(line) for line in lines] == [len(line) for line in written]
    for old, new in {
        "told_apart": "nearest_neighbour_accuracy", "lowest": "lowest_value", "unrest": "drift",
        "highest": "highest_value", "real": "real_accuracy", "fake": "fake_accuracy",
        "separation": "auc", "held_out": "held_out_accuracy",
    }.items():  # fmt: skip
        assert f"signal/{old}" not in lines[-1]
        assert lines[-1][f"signal/{new}"] == written[-1][f"signal/{old}"]
    assert main(["diagnose", str(run.path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [verdict["name"] for verdict in told] == [verdict.name for verdict in diagnose(run)]
    assert "under-trained" in [verdict["name"] for verdict in told]  # as that version said


def test_only_signals_are_renamed():
    line = {"step": 3, "real": 1.0, "signal/real": 0.5, "test/held_out": 0.2, "signal/x": 1.0}
    wanted = {"step": 3, "real": 1.0, "signal/real_accuracy": 0.5, "test/held_out": 0.2}
    assert older.line(line) == wanted | {"signal/x": 1.0}


def test_what_had_borrowed_weights_in_its_checkpoints_is_read(before):
    # breaks when weights that are kept elsewhere today are a surplus in the checkpoint
    run = Run(before / "deep-dream")
    (file,) = run.path.glob("checkpoints/*/weights.safetensors")
    kept = load_file(file)
    assert any(name.startswith("model/features.network.") for name in kept)
    model = run.model()
    assert torch.equal(model.dream(), kept["model/octaves.1"].clamp(-1, 1))
    assert [report.step for report in follow(run.aimed_at(5))] == [5]
    assert not any("features" in name for name in Run(run.path).newest(print).tensors)


@pytest.mark.parametrize(("old", "new"), [(False, "off"), (True, "on"), ("auto", "auto")])
def test_compiling_was_yes_or_no_before_it_had_three_values(before, old: Any, new: str):
    path = before / "gan" / "config.json"
    plain = json.loads(path.read_text())
    plain["training"]["compile"] = old
    path.write_text(json.dumps(plain))
    assert Run(before / "gan").training.compile == new


def test_layers_say_their_weights_themselves_today(before):
    path = before / "deep-dream" / "config.json"
    plain = json.loads(path.read_text())
    plain["config"] |= {"layers": ["network.0", "network.2"], "strengths": [1.0, 0.5]}
    path.write_text(json.dumps(plain))
    assert Run(before / "deep-dream").config.layers == ("network.0=1.0", "network.2=0.5")
