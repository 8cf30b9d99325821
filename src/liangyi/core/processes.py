"""Several processes on one or many machines: plain torch.distributed, started by torchrun or SLURM.

Each player's gradient is averaged as one flat tensor after `backward`, without module wrappers, so
gradient penalties, several turns a step and partial backward passes need no special case.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, MutableMapping
from datetime import timedelta

import torch
from torch import Tensor
from torch import distributed as dist


def rank() -> int:
    """Return this process's number, 0 when it is alone."""
    return dist.get_rank() if dist.is_initialized() else 0


def world() -> int:
    """Return the number of processes that train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def launched(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Tell whether torchrun or SLURM started this process as one of several.

    SLURM's names are translated to torch's; a job of a single task counts as alone.
    """
    tasks = environment.get("SLURM_NTASKS", "1")
    if "RANK" not in environment and "SLURM_PROCID" in environment and int(tasks) > 1:
        environment["RANK"] = environment["SLURM_PROCID"]
        environment["WORLD_SIZE"] = tasks
        environment["LOCAL_RANK"] = environment.get("SLURM_LOCALID", "0")
        if "MASTER_ADDR" not in environment:
            environment["MASTER_ADDR"] = _first_host(environment["SLURM_JOB_NODELIST"])
        # one port a job, so that two jobs on one machine do not meet
        environment.setdefault(
            "MASTER_PORT", str(20000 + int(environment.get("SLURM_JOB_ID", "0")) % 20000)
        )
    return int(environment.get("WORLD_SIZE", "1")) > 1


def _first_host(nodes: str) -> str:
    shown = subprocess.run(
        ["scontrol", "show", "hostnames", nodes], capture_output=True, text=True, check=True
    )
    return shown.stdout.split()[0]


def join(device: torch.device, minutes: float = 10) -> torch.device:
    """Join the group that the environment describes and return this process's own device."""
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=timedelta(minutes=minutes))
    return device


def average(gradients: list[Tensor]) -> None:
    """Replace each gradient by its mean over the processes, in one exchange."""
    if world() == 1:
        return
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    flat /= world()
    for gradient, mean in zip(
        gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True
    ):
        gradient.copy_(mean.view_as(gradient))


def agree(tensors: Iterable[Tensor]) -> None:
    """Give every process the first one's values."""
    if world() > 1:
        for tensor in tensors:
            dist.broadcast(tensor.detach(), 0)  # shares the memory


def any_of(flag: bool) -> bool:
    """Tell whether the flag is set in any process, so that all stop at the same step."""
    if world() == 1:
        return flag
    box = torch.tensor([float(flag)])
    dist.all_reduce(box, op=dist.ReduceOp.MAX)
    return bool(box.item())


def wait() -> None:
    """Wait until every process is here."""
    if world() > 1:
        dist.all_reduce(torch.zeros(1))


def leave(code: int = 0) -> None:
    """End this process together with the others; alone, do nothing.

    Python's own ending is left out: now and then gloo's threads abort the process in it, and
    torchrun would then kill the others while they still write.
    """
    if world() > 1:
        wait()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
