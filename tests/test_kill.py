"""Trainings that are killed at random moments end at the same bits as one that was left alone.

As a program it says what it does: python tests/test_kill.py [KILLS] (20 when nothing is said); a
fifth of the kills are of trainings by two processes.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import torch

from conftest import follow
from liangyi import data
from liangyi.core import registry
from liangyi.core.config import Training
from liangyi.runs.run import Run
from liangyi.session import create


def training(path: Path, steps: int, devices: int = 1) -> Run:
    kind = registry.find("dcgan")
    settings = Training(
        steps=steps, batch_size=32, device="cpu", precision="float32",
        log_every=5, sample_every=20, checkpoint_every=7, devices=devices,
    )  # fmt: skip
    return create(kind, kind.Config(width=16), data.choose("digits"), settings, path)


def resume(path: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "liangyi", "resume", str(path)]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True)


def wait_for_a_line(run: Run, process: subprocess.Popen[bytes]) -> None:
    """Wait until a training has logged something new."""
    began, path = time.monotonic(), run.path / "log.jsonl"
    before = path.stat().st_mtime_ns if path.exists() else 0
    found = run.newest(lambda line: None)
    last = found.plain["step"] if found else 0
    while process.poll() is None and time.monotonic() < began + 120:
        changed = path.exists() and path.stat().st_mtime_ns != before
        if changed and any(line["step"] > last for line in run.lines()):
            return
        time.sleep(0.02)
    raise AssertionError("no new line in two minutes, or the training has ended")


def left_behind(run: Run) -> int:
    """Return the bytes of what is half-written."""
    parts = [path for part in run.path.rglob("*.partial") for path in (part, *part.rglob("*"))]
    return sum(path.stat().st_size for path in parts if path.is_file())


def kill_often(folder: Path, kills: int, say=lambda line: None, devices: int = 1) -> None:
    """Train once undisturbed and once killed so often; compare every tensor bit for bit."""
    steps = 60 * kills  # more than the lives between the kills can make
    calm, torn = (training(folder / name, steps, devices) for name in ("calm", "torn"))
    assert resume(calm.path).wait(timeout=1200) == 0
    moments, most = random.Random(0), 0
    for kill in range(kills):
        process = resume(torn.path)
        if kill % 5:  # while it trains, and writes a checkpoint at every seventh step
            wait_for_a_line(torn, process)
            time.sleep(moments.uniform(0, 0.6))
        else:  # while it starts
            time.sleep(moments.uniform(0, 3))
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it came to its end before it was killed"
        found, lines, most = torn.newest(say), torn.lines(), max(most, left_behind(torn))
        reached = f"log {lines[-1]['step']}" if lines else "nothing"
        say(f"killed {kill + 1}: {reached}, checkpoint {found.plain['step'] if found else 'none'}")
    assert resume(torn.path).wait(timeout=600) == 0
    first, second = (dict(run.newest(say).tensors) for run in (calm, torn))
    assert first.keys() == second.keys()
    different = [name for name in first if not torch.equal(first[name], second[name])]
    assert not different, different
    assert not left_behind(torn)
    steps = [[line["step"] for line in run.lines()] for run in (calm, torn)]
    assert steps[0] == steps[1]
    pictures = [
        [(p.name, p.read_bytes()) for p in sorted((run.path / "samples").glob("*.png"))]
        for run in (calm, torn)
    ]
    assert pictures[0] == pictures[1]
    assert calm.best is not None and (calm.best, calm.saved()) == (torn.best, torn.saved())
    looks = [[line.get("validation/energy") for line in run.lines()] for run in (calm, torn)]
    assert looks[0] == looks[1] and any(looks[0])
    say(f"{len(first)} tensors, {len(pictures[0])} pictures: equal bit for bit after {kills} kills")
    say(f"half-written: at most {most} bytes after a kill, none in the end")


@pytest.fixture(autouse=True)
def _no_evaluator(tmp_path, monkeypatch):
    """Look by the distance of pixels, whatever evaluators other tests have trained."""
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))


def test_killed_trainings_end_at_the_same_bits(tmp_path):
    # breaks when a file is written in place, or when anything that matters is not in a checkpoint
    kill_often(tmp_path, kills=3)


def test_also_those_of_two_processes(tmp_path):
    kill_often(tmp_path, kills=2, devices=2)


def test_leaving_the_loop_at_any_step_and_resuming_ends_at_the_same_bits(tmp_path):
    calm = training(tmp_path / "calm", 120)
    for _ in follow(calm):
        pass
    torn = training(tmp_path / "torn", 120)
    for stop in (1, 30, 64, 65, 120):
        for report in follow(torn):
            if report.step == stop:
                break  # as an exception in somebody's loop would: no checkpoint is written
    for _ in follow(torn):
        pass
    first, second = (dict(run.newest(print).tensors) for run in (calm, torn))
    assert all(torch.equal(first[name], second[name]) for name in first)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for devices, kills in ((1, wanted - wanted // 5), (2, wanted // 5)):
        with tempfile.TemporaryDirectory() as scratch:
            print(f"{kills} kills of trainings by {devices} processes", flush=True)
            kill_often(Path(scratch), kills, print, devices)
