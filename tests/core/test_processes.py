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
from liangyi.core.errors import UserError
from liangyi.runs.run import Run

HERE = Path(__file__).parent

# a training of one model; as one of several processes when torchrun starts it
TRAIN = """
import sys
sys.path.insert(0, sys.argv[1])
import json
from pathlib import Path
import torch
from conftest import follow
from liangyi.core import processes, registry
from liangyi.lab.small import Small
from liangyi.runs.run import Run

name, out, changes, size = sys.argv[2], Path(sys.argv[3]), json.loads(sys.argv[4]), int(sys.argv[5])
small = Small.of(registry.find(name), out.parent, **changes)
if processes.launched():
    processes.join(torch.device("cpu"), minutes=1)
if processes.rank() == 0:
    pace = {"steps": 5, "sample_every": 100, "log_every": 100, "checkpoint_every": 5}
    small.run(out.name, batch_size=size, **pace)
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


@pytest.mark.parametrize(
    ("name", "changes", "size"),
    [
        ("autoencoder", {}, 16),
        ("gan", {}, 16),
        ("vae", {}, 16),
        ("wgan-gp", {}, 16),
        ("r3gan", {"penalty": 1.0}, 16),
        ("r3gan", {"penalty": 1.0}, 2),  # a share of one item has no variance of its own
        ("began", {"balance_rate": 0.5}, 16),  # one balance for both
    ],
)
def test_two_processes_equal_one_on_the_joined_batch(name, changes, size, tmp_path):
    # breaks when noise, the data's share, or a gradient's mean (also under a penalty) is wrong, or
    # when a penalty is scaled by what one process sees
    script = tmp_path / "train.py"
    script.write_text(TRAIN)
    tensors = []
    for count in (1, 2):
        out = tmp_path / f"run-{count}"
        words = [str(script), str(HERE.parent), name, str(out), json.dumps(changes), str(size)]
        ended = start(words, count)
        assert ended.returncode == 0, ended.stderr[-2000:]
        tensors.append(Run(out).newest(print).tensors)
    one, two = tensors
    for key, value in one.items():
        assert torch.allclose(value, two[key], atol=2e-5, rtol=2e-4), key


# a text of a long line and a short one, of which each process gets one
UNEVEN = """
import dataclasses, sys
import torch
from liangyi.core import processes, registry
from liangyi.data import Batches, choose
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer

processes.join(torch.device("cpu"), minutes=1)
kind = registry.find("word2vec-nce")
source = choose(sys.argv[1], length=300, unit="tokens", min_count=1)
model = build(kind, kind.Config(size=4, candidates=2), source.spec(), 0)
training = dataclasses.replace(kind.recipe, epochs=None, steps=3, batch_size=2, device="cpu")
stream = Batches(source.split(), model.Batch, 2, 0, "cpu", rank=processes.rank(), world=2)
for report in Trainer(model, stream, training).run():
    assert 0.3 < report.read()["loss"] < 30  # also where most turns have no pair
    own = model.vectors.word.weight.detach()
    theirs = own.clone()
    processes.agree([theirs])
    assert torch.equal(own, theirs)
processes.leave()
"""


def test_processes_whose_texts_have_unequal_lines_take_as_many_turns(tmp_path):
    # breaks when one has no pair of words left and ends its step: the other waits for ever
    lines = ["abcdefghijklmnop" * 18, "ab"]
    (tmp_path / "a.txt").write_text("\n".join(map(" ".join, lines)))
    script = tmp_path / "uneven.py"
    script.write_text(UNEVEN)
    ended = start([str(script), str(tmp_path / "a.txt")], 2, LIANGYI_CACHE=str(tmp_path / "cache"))
    assert ended.returncode == 0, ended.stderr[-2000:]


# rank 1 kills itself once, in the middle; torchrun starts both again
DIES = """
import os, sys
from pathlib import Path
from liangyi.core import processes
from liangyi.training.trainer import Trainer

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


GOOD = {"WORLD_SIZE": "2", "RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
SLURM = {"SLURM_PROCID": "0", "SLURM_NTASKS": "2", "SLURM_JOB_NODELIST": "n1", "MASTER_ADDR": "n1"}


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two'"),
        ({"WORLD_SIZE": ""}, "WORLD_SIZE is ''"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE is '0'"),
        ({"WORLD_SIZE": "-3"}, "WORLD_SIZE is '-3'"),
        ({"WORLD_SIZE": "²"}, "WORLD_SIZE is '²'"),
        ({"WORLD_SIZE": "9" * 5000}, "WORLD_SIZE is '999"),
        ({"WORLD_SIZE": "2"}, "RANK is missing; it should be 0 ... 1"),
        (GOOD | {"RANK": "5"}, "RANK is '5'; it should be 0 ... 1"),
        (GOOD | {"RANK": "x"}, "RANK is 'x'"),
        (GOOD | {"LOCAL_RANK": "x"}, "LOCAL_RANK is 'x'"),
        (GOOD | {"MASTER_PORT": "http"}, "MASTER_PORT is 'http'"),
        (GOOD | {"MASTER_PORT": "70000"}, "MASTER_PORT is '70000'"),
        ({k: v for k, v in GOOD.items() if k != "MASTER_PORT"}, "MASTER_PORT is missing"),
        ({k: v for k, v in GOOD.items() if k != "MASTER_ADDR"}, "MASTER_ADDR"),
        (SLURM | {"SLURM_NTASKS": "many"}, "SLURM_NTASKS is 'many'"),
        (SLURM | {"SLURM_PROCID": "7"}, "RANK is '7'"),
        (SLURM | {"SLURM_LOCALID": "x"}, "LOCAL_RANK is 'x'"),
        (SLURM | {"SLURM_JOB_ID": "x"}, "SLURM_JOB_ID is 'x'"),
        ({k: v for k, v in SLURM.items() if k != "MASTER_ADDR"}, "SLURM does not tell"),
    ],
)
def test_a_wrong_environment_is_one_line_before_anybody_waits(environment, named):
    # breaks when a number is taken on trust: a process of number 5 of 2 waits for ten minutes
    with pytest.raises(UserError) as told:
        processes.launched(dict(environment))
    assert named in str(told.value) and len(str(told.value)) < 300


@pytest.mark.parametrize("address", ["no.such.machine.invalid", "0.0.0.0.0"])
def test_a_machine_that_is_not_there_is_one_line(address, monkeypatch):
    for name, value in (GOOD | {"MASTER_ADDR": address}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="cannot join the other processes at"):
        processes.join(torch.device("cpu"))
