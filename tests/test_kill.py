"""Trainings that are killed at random moments end at the same bits as one that was left alone.

As a program it says what it does: python tests/test_kill.py [KILLS] (20 when nothing is said).
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from liangyi import data
from liangyi.core import registry
from liangyi.core.config import Training
from liangyi.core.run import Run
from liangyi.session import create, follow

STEPS = 120


def training(path: Path) -> Run:
    kind = registry.find("dcgan")
    settings = Training(
        steps=STEPS, batch_size=32, device="cpu", precision="float32",
        log_every=5, sample_every=20, checkpoint_every=7,
    )  # fmt: skip
    return create(kind, kind.Config(width=16), data.DataConfig(), settings, path)


def resume(path: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "liangyi", "resume", str(path)]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL)


def kill_often(folder: Path, kills: int, say=lambda line: None) -> None:
    """Train once undisturbed and once killed so often; compare every tensor bit for bit."""
    calm, torn = training(folder / "calm"), training(folder / "torn")
    began = time.monotonic()
    assert resume(calm.path).wait(timeout=300) == 0
    whole = time.monotonic() - began
    moments = random.Random(0)
    died = 0
    while died < kills:
        process = resume(torn.path)
        # from before the first step to after the last; a process needs a while to start
        time.sleep(moments.uniform(0.3, 1.0) * whole)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            died += 1
            found = torn.newest(say)
            say(f"killed {died}: newest checkpoint {found.plain['step'] if found else 'none'}")
        else:
            assert process.returncode == 0
            shutil.rmtree(torn.path)
            torn = training(folder / "torn")
            say("finished before it was killed; a new one")
    assert resume(torn.path).wait(timeout=300) == 0
    first, second = (dict(run.newest(say).tensors) for run in (calm, torn))
    assert first.keys() == second.keys()
    different = [name for name in first if not torch.equal(first[name], second[name])]
    assert not different, different
    steps = [[line["step"] for line in run.lines()] for run in (calm, torn)]
    assert steps[0] == steps[1]
    pictures = [
        [(p.name, p.read_bytes()) for p in sorted((run.path / "samples").glob("*.png"))]
        for run in (calm, torn)
    ]
    assert pictures[0] == pictures[1]
    say(f"{len(first)} tensors, {len(pictures[0])} pictures: equal bit for bit after {kills} kills")


def test_killed_trainings_end_at_the_same_bits(tmp_path):
    # breaks when a file is written in place, or when anything that matters is not in a checkpoint
    kill_often(tmp_path, kills=3)


def test_leaving_the_loop_at_any_step_and_resuming_ends_at_the_same_bits(tmp_path):
    calm = training(tmp_path / "calm")
    for _ in follow(calm):
        pass
    torn = training(tmp_path / "torn")
    for stop in (1, 30, 64, 65, STEPS):
        for report in follow(torn):
            if report.step == stop:
                break  # as an exception in somebody's loop would: no checkpoint is written
    for _ in follow(torn):
        pass
    first, second = (dict(run.newest(print).tensors) for run in (calm, torn))
    assert all(torch.equal(first[name], second[name]) for name in first)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        kill_often(Path(scratch), int(sys.argv[1]) if len(sys.argv) > 1 else 20, print)
