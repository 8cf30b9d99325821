"""Runs that can be trusted: damage is found, nothing is unpickled, nothing good is lost."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import shutil
import subprocess
import sys

import pytest
import torch

from conftest import follow, same
from liangyi.core.errors import UserError
from liangyi.data import choose
from liangyi.runs import checkpoint
from liangyi.runs.run import Run
from liangyi.session import Message, Session, create
from liangyi.zoo.rankings.bpr import BPR


@pytest.fixture
def run(small, tmp_path):
    made = small("gan").run(tmp_path / "run")
    for _ in follow(made):
        pass
    return made


def newest(run):
    folder = run.path / "checkpoints"
    return folder / f"{checkpoint.steps(folder)[0]:08d}"


@pytest.mark.parametrize("file", ["weights.safetensors", "state.safetensors", "state.json"])
@pytest.mark.parametrize("harm", ["cut", "flip", "remove"])
def test_a_damaged_newest_checkpoint_is_told_and_the_one_before_is_used(run, file, harm):
    path = newest(run) / file
    content = bytearray(path.read_bytes())
    if harm == "remove":
        path.unlink()
    else:
        if harm == "cut":
            content = content[: len(content) // 2]
        else:
            content[len(content) // 2] ^= 1
        path.write_bytes(content)
    told = []
    found = run.newest(told.append)
    assert found.plain["step"] == 2
    assert len(told) == 1 and "before it" in told[0]
    heard = [event.text for event in Session(run) if isinstance(event, Message)]
    assert heard == told  # and it can be trained to the end again
    assert run.newest(told.append).plain["step"] == 4


def test_going_back_to_an_older_checkpoint_ends_at_the_same_weights(run):
    before = dict(run.newest(print).tensors)
    (newest(run) / "state.json").unlink()
    for _ in follow(run):
        pass
    assert same(before, dict(run.newest(print).tensors))


class Bomb:
    """A pickle that leaves a trace when it is opened."""

    def __reduce__(self):
        return os.system, ("touch exploded",)


@pytest.mark.parametrize("form", ["pickle", "torch"])
def test_a_pickle_offered_as_a_checkpoint_is_refused_and_never_executed(
    run, form, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for step in checkpoint.steps(run.path / "checkpoints"):
        path = run.path / "checkpoints" / f"{step:08d}" / "weights.safetensors"
        if form == "pickle":
            path.write_bytes(pickle.dumps(Bomb()))
        else:
            torch.save({"weights": Bomb()}, path)
    told = []
    with pytest.raises(UserError, match="pickle"):
        run.newest(told.append)
    assert not (tmp_path / "exploded").exists()


def test_only_so_many_checkpoints_stay(small, tmp_path):
    run = small("gan").run(tmp_path / "run", steps=6, checkpoint_every=1, keep=3)
    for _ in follow(run):
        pass
    assert checkpoint.steps(run.path / "checkpoints") == [6, 5, 4]


def test_lines_of_steps_that_are_made_again_are_forgotten(run):
    run.log({"step": 3, "made_up": 1.0})
    run.log({"step": 9, "made_up": 1.0})
    with (run.path / "log.jsonl").open("a") as stream:
        stream.write('{"step": 10, "cut')  # killed while writing
    for _ in follow(run):
        pass
    assert [line["step"] for line in run.lines()] == [1, 2, 3, 4, 3]


def test_a_second_training_into_the_same_run_is_refused(small, tmp_path):
    run = small("gan").run(tmp_path / "run")
    first = follow(run)
    next(first)
    with pytest.raises(UserError, match="another training"):
        next(follow(Run(run.path)))
    first.close()
    for _ in follow(run):  # the lock is gone with the training
        pass


def test_also_when_somebody_has_deleted_the_lock_file(small, tmp_path):
    # breaks when the lock is nothing but a file that can be taken away
    run = small("gan").run(tmp_path / "run")
    first = follow(run)
    next(first)
    (run.path / ".lock").unlink()
    with pytest.raises(UserError, match="another training"):
        next(follow(Run(run.path)))
    first.close()


def delete(path):
    while path.exists():  # TensorBoard's thread may just be opening its file
        shutil.rmtree(path, ignore_errors=True)


def move(path):
    path.rename(path.with_name("elsewhere"))


def exchange(path):
    shutil.copytree(path, path.with_name("copy"))
    move(path)
    path.with_name("copy").rename(path)


# TensorBoard's own thread may find the folder gone before we do
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("act", [delete, move, exchange])
@pytest.mark.parametrize("settings", [{"log_every": 1}, {"log_every": 90, "checkpoint_every": 4}])
def test_a_run_that_is_deleted_or_moved_while_it_trains_is_told(small, tmp_path, act, settings):
    # breaks when paths are trusted: the folder is made anew, and holds the last checkpoint alone
    settings = {"steps": 9, "sample_every": 90, "examine_every": 0} | settings
    run = small("gan").run(tmp_path / "run", **settings)
    training = follow(run)
    next(training)
    act(run.path)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(UserError, match="is gone: it was moved or deleted"):
        for _ in training:
            pass
    run.discard_if_empty()  # what lies there now is somebody else's
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_what_killed_trainings_left_half_written_is_swept(run):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for place in (".", "checkpoints", "samples"):
        (run.path / place / f".00000009.{ended.pid}.partial").mkdir()
    for _ in follow(run):
        pass
    assert not list(run.path.rglob("*.partial"))


def test_a_lock_dies_with_its_process(run):
    script = (
        "import os, sys; from liangyi.runs.run import Run;"
        "Run(sys.argv[1]).lock().__enter__(); os._exit(9)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(run.path)], timeout=120)
    assert ended.returncode == 9
    with run.lock():
        pass


FULL = """
import resource, signal, sys
from liangyi.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
sys.exit(main(["resume", sys.argv[1], "--steps", "8"]))
"""


def test_a_disk_that_is_full_ends_the_run_in_one_line_and_spares_the_last_good_checkpoint(run):
    # a limit on the size of files stands for the full disk: writes fail in the same places
    before = dict(run.newest(print).tensors)
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(run.path)], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 2
    lines = [line for line in ended.stderr.splitlines() if line.startswith("liangyi:")]
    assert len(lines) == 1 and "Traceback" not in ended.stderr
    assert same(before, dict(Run(run.path).newest(print).tensors))
    for _ in follow(Run(run.path)):
        pass
    assert Run(run.path).newest(print).plain["step"] == 8


def test_a_checkpoint_that_was_not_finished_is_not_there(run, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "save_file", dies)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(run.path / "checkpoints", {}, {"step": 99}, keep=2)
    assert checkpoint.steps(run.path / "checkpoints") == [4, 2]
    assert not [path for path in (run.path / "checkpoints").iterdir() if path.name[0] == "."]


def test_the_config_builds_the_same_model_again(run):
    plain = json.loads((run.path / "config.json").read_text())
    again = Run(run.path)
    assert again.plain == plain
    assert same(run.build().state_dict(), again.build().state_dict())
    assert torch.equal(run.model().sample(3), again.model().sample(3))


def test_every_path_that_is_read_is_told(tmp_path, monkeypatch):
    # breaks when a setting of the data that names a file is forgotten: it is read all the same
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{1 - d} qid:{n} 1:{n} 2:{d}\n" for n in range(9) for d in (0, 1))
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(rows)
    training = dataclasses.replace(BPR.recipe, steps=2, batch_size=4)
    run = create(BPR, BPR.Config(), choose("a.txt", test_file="b.txt"), training, tmp_path / "run")
    assert run.reads() == [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]


def test_a_failure_is_forgotten_by_what_goes_on_from_its_step(run):
    # breaks when the failed try's last line stays between those of the resumed training
    step = run.lines()[-1]["step"]
    run.log({"step": step, "signal/finite": 0.0})
    run.forget_after(int(step))
    assert [line for line in run.lines() if line.get("signal/finite") == 0] == []
    assert run.lines()[-1]["step"] == step
