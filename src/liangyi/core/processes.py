"""Several processes on one or many machines: plain torch.distributed, started by torchrun or SLURM.

Each player's gradient is averaged as one flat tensor after `backward`, without module wrappers, so
gradient penalties, several turns a step and partial backward passes need no special case.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor
from torch import distributed as dist

from liangyi.core.counts import many
from liangyi.core.errors import UserError, shown

_alone = False  # inside `alone`


def rank() -> int:
    """Return this process's number, 0 when it is alone."""
    return dist.get_rank() if dist.is_initialized() and not _alone else 0


def world() -> int:
    """Return the number of processes that train together."""
    return dist.get_world_size() if dist.is_initialized() and not _alone else 1


@contextmanager
def alone() -> Iterator[None]:
    """Wait for nobody inside: for what one process does with a model while the others go on."""
    global _alone
    _alone = True
    try:
        yield
    finally:
        _alone = False


def launched(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Tell whether torchrun or SLURM started this process as one of several.

    SLURM's names are translated to torch's; a job of a single task counts as alone.

    Raises:
        UserError: a variable is missing or makes no sense; to join would be to wait for nobody.
    """
    if "RANK" not in environment and "SLURM_PROCID" in environment:
        _translate(environment)
    world = _whole(environment, "WORLD_SIZE", 1, 2**20, default=1)
    if world == 1:
        return False
    _whole(environment, "RANK", 0, world - 1)
    _whole(environment, "LOCAL_RANK", 0, world - 1, default=0)
    _whole(environment, "MASTER_PORT", 1, 65535)
    if not environment.get("MASTER_ADDR"):
        raise UserError(f"WORLD_SIZE is {world}, but MASTER_ADDR does not say where the first is")
    return True


def _translate(environment: MutableMapping[str, str]) -> None:
    """Add torch's names of what SLURM says; nothing for a single task."""
    tasks = _whole(environment, "SLURM_NTASKS", 1, 2**20, default=1)
    if tasks == 1:
        return
    environment["RANK"] = environment["SLURM_PROCID"]
    environment["WORLD_SIZE"] = str(tasks)
    environment["LOCAL_RANK"] = environment.get("SLURM_LOCALID", "0")
    if "MASTER_ADDR" not in environment:
        environment["MASTER_ADDR"] = _first_host(environment.get("SLURM_JOB_NODELIST", ""))
    # one port a job, so that two jobs on one machine do not meet
    job = _whole(environment, "SLURM_JOB_ID", 0, 2**63, default=0)
    environment.setdefault("MASTER_PORT", str(20000 + job % 20000))


def _whole(
    environment: Mapping[str, str], name: str, low: int, high: int, default: int | None = None
) -> int:
    """Return the whole number that a variable holds.

    Raises:
        UserError: it holds none, or one out of its bounds.
    """
    text = environment.get(name, "" if default is None else str(default))
    if text.isascii() and text.isdecimal() and len(text) < 20 and low <= int(text) <= high:
        return int(text)
    found = f"is {shown(text)!r}" if name in environment else "is missing"
    raise UserError(
        f"the environment variable {name} {found}; it should be {low} ... {high}. "
        "torchrun sets it; who trains alone unsets WORLD_SIZE, RANK and SLURM_NTASKS"
    )


def _first_host(nodes: str) -> str:
    try:
        answer = subprocess.run(
            ["scontrol", "show", "hostnames", nodes], capture_output=True, text=True, check=True
        )
        return answer.stdout.split()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        raise UserError(
            f"SLURM does not tell the first machine of {shown(nodes)!r}; "
            "give its name in the environment variable MASTER_ADDR"
        ) from None


def join(device: torch.device, minutes: float = 10) -> torch.device:
    """Join the group that the environment describes and return this process's own device.

    Raises:
        UserError: there is no such device, or the others cannot be reached.
    """
    if device.type == "cuda":
        own, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
        if own >= there:
            gpus = many(there, "GPU")
            raise UserError(f"this is process {own + 1} of its machine, which has {gpus}")
        device = torch.device("cuda", own)
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        host, port = os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"]
        try:
            socket.getaddrinfo(host, port)  # PyTorch would look for it for minutes
            dist.init_process_group(backend, timeout=timedelta(minutes=minutes))
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).split("\n")[0][:200]
            place = shown(f"{host}:{port}")
            raise UserError(f"cannot join the other processes at {place}: {reason}") from error
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
    box = torch.tensor([float(flag)], device="cpu")
    dist.all_reduce(box, op=dist.ReduceOp.MAX)
    return bool(box.item())


def each(count: int) -> list[int]:
    """Return the count of each process, such as of what it learns from in a step."""
    if world() == 1:
        return [count]
    boxes = [torch.zeros(1, dtype=torch.int64, device="cpu") for _ in range(world())]
    dist.all_gather(boxes, torch.tensor([count], device="cpu"))
    return [int(box) for box in boxes]


def wait() -> None:
    """Wait until every process is here."""
    if world() > 1:
        dist.all_reduce(torch.zeros(1, device="cpu"))


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


def restarted() -> bool:
    """Whether torchrun started this process again, after one like it had died."""
    count = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    return count.isdecimal() and int(count) > 0
