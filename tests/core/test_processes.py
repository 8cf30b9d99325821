"""Several processes: they equal one, they restart, and SLURM's names are understood."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from liangyi.core import processes
from liangyi.core.run import Run

HERE = Path(__file__).parent

# a training of one model; as one of several processes when torchrun starts it
TRAIN = """
import sys
sys.path.insert(0, sys.argv[1])
import dataclasses
import torch
from conftest import QUICK, SMALL, SMALL_DATA
from liangyi import data
from liangyi.core import draw, processes, registry
from liangyi.core.run import Run
from liangyi.session import create, follow

name, out = sys.argv[2], sys.argv[3]
kind = registry.find(name)
training = dataclasses.replace(QUICK, steps=5, sample_every=100, log_every=100, checkpoint_every=5)
if processes.launched():
    processes.join(torch.device("cpu"), minutes=1)
if processes.rank() == 0:
    config = kind.Config(**SMALL[name])
    create(kind, config, SMALL_DATA.get(name, data.DataConfig()), training, out)
processes.wait()
for _ in follow(Run(out)):
    pass
processes.leave()
"""


def start(words, count: int, **environment: str) -> subprocess.CompletedProcess[str]:
    many = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    variables = os.environ | {"OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    return subprocess.run(
        [sys.executable, *(many if count > 1 else []), *words],
        capture_output=True,
        text=True,
        timeout=240,
        env=variables | environment,
    )


@pytest.mark.parametrize("name", ["autoencoder", "gan", "vae", "wgan-gp"])
def test_two_processes_equal_one_on_the_joined_batch(name, tmp_path):
    # breaks when noise, the data's share, or a gradient's mean (also under a penalty) is wrong
    script = tmp_path / "train.py"
    script.write_text(TRAIN)
    tensors = []
    for count in (1, 2):
        out = tmp_path / f"run-{count}"
        ended = start([str(script), str(HERE.parent), name, str(out)], count)
        assert ended.returncode == 0, ended.stderr[-2000:]
        tensors.append(Run(out).newest(print).tensors)
    one, two = tensors
    for key, value in one.items():
        assert torch.allclose(value, two[key], atol=2e-5, rtol=2e-4), key


# rank 1 kills itself once, in the middle; torchrun starts both again
DIES = """
import os, sys
from pathlib import Path
import liangyi.session as session
from liangyi.core import processes
from liangyi.core.trainer import Trainer

advance = Trainer.advance
def dying(self):
    mark = Path(sys.argv[1]) / "died"
    if self.step == 5 and processes.rank() == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), 9)
    return advance(self)
Trainer.advance = dying
from liangyi.cli import main
sys.exit(main(["resume", str(Path(sys.argv[1]) / "run")]))
"""


def test_a_killed_process_under_torchrun_goes_on_from_the_last_checkpoint(small, tmp_path):
    run = small("gan").run(tmp_path / "run", steps=8, checkpoint_every=2, sample_every=100)
    calm = small("gan").run(tmp_path / "calm", steps=8, checkpoint_every=2, sample_every=100)
    script = tmp_path / "dies.py"
    script.write_text(DIES)
    restart = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = start([*restart, "--max-restarts", "2", str(script), str(tmp_path)], 1)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert (tmp_path / "died").exists()
    ended = start(["-m", "liangyi", "resume", str(calm.path)], 2)
    assert ended.returncode == 0, ended.stderr[-2000:]
    first, second = (dict(one.newest(print).tensors) for one in (run, calm))
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_slurms_names_are_translated(monkeypatch):
    slurm = {
        "SLURM_PROCID": "3",
        "SLURM_NTASKS": "4",
        "SLURM_LOCALID": "1",
        "SLURM_JOB_ID": "123456",
        "SLURM_JOB_NODELIST": "n[1-2]",
    }
    monkeypatch.setattr(processes, "_first_host", lambda nodes: "n1")
    assert processes.launched(slurm)
    wanted = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "n1"}
    assert slurm.items() >= wanted.items() and 20000 <= int(slurm["MASTER_PORT"]) < 40000


def test_alone_means_alone():
    assert not processes.launched({})
    assert not processes.launched({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"})
    assert json.dumps([processes.rank(), processes.world()]) == "[0, 1]"
