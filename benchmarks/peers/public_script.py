"""One of the scripts of eriklindernoren/PyTorch-GAN, run as it is for so many seconds.

    python -m benchmarks.peers.public_script SCRIPT OUT.npz --seconds 300 --seed 0

The script is executed unchanged but for three things: MNIST is that of LIANGYI_DATA, no pictures
are written, and an optimiser's step after the time is up ends it. Then its generator draws.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from torch import Tensor

_PART = 500  # samples drawn at once


class TimeUp(Exception):
    """The training has had its seconds."""


def trained(script: Path, seconds: float, seed: int) -> tuple[dict[str, Any], int]:
    """Return the script's variables when its time was up, and how many steps it had made.

    As of ours, a step is one turn of the player that has the fewest: its generator's.
    """
    torch.manual_seed(seed)
    np.random.seed(seed)  # which the scripts draw from
    plain_step, began = torch.optim.Adam.step, 0.0
    turns: dict[int, int] = {}  # of each optimiser

    def step(self: Any, *given: Any, **named: Any) -> Any:
        nonlocal began
        began = began or time.perf_counter()
        if time.perf_counter() - began > seconds:
            raise TimeUp
        turns[id(self)] = turns.get(id(self), 0) + 1
        return plain_step(self, *given, **named)

    class MNIST(torchvision.datasets.MNIST):  # type: ignore[misc]  # its name is its folder
        def __init__(self, root: str, **named: Any) -> None:
            super().__init__(os.environ["LIANGYI_DATA"], **named | {"download": False})

    variables: dict[str, Any] = {"__name__": "__main__"}
    torch.optim.Adam.step = step  # type: ignore[method-assign]
    torchvision.datasets.MNIST = MNIST
    torchvision.utils.save_image = lambda *given, **named: None
    sys.argv = [script.name]
    with tempfile.TemporaryDirectory() as empty:  # they make folders where they are
        here = Path.cwd()
        os.chdir(empty)
        try:
            exec(compile(script.read_text(), script.name, "exec"), variables)
        except TimeUp:
            pass
        finally:
            os.chdir(here)
    return variables, min(turns.values(), default=0)


@torch.no_grad()
def drawn(variables: dict[str, Any], count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return samples [N 1 H W] between -1 and 1, and the classes [N] that were asked for."""
    generator, settings = variables["generator"].eval(), variables["opt"]
    dice = torch.Generator().manual_seed(seed)
    label = torch.arange(count) % 10
    found = []
    for part in label.split(_PART):
        noise = torch.randn(len(part), settings.latent_dim, generator=dice)
        given: list[Tensor] = []
        if "code_dim" in settings:
            code = torch.rand(len(part), settings.code_dim, generator=dice) * 2 - 1
            given = [torch.nn.functional.one_hot(part, settings.n_classes).float(), code]
        elif "n_classes" in settings:
            given = [part]
        found.append(generator(noise, *given))
    return torch.cat(found), label


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("script", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--seconds", type=float, required=True)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--samples", type=int, default=5000)
    asked = words.parse_args()
    script, out = asked.script.resolve(), asked.out.resolve()
    variables, steps = trained(script, asked.seconds, asked.seed)
    image, label = drawn(variables, asked.samples, asked.seed)
    np.savez(out, image=image.clamp(-1, 1).numpy(), label=label.numpy(), steps=steps)


if __name__ == "__main__":
    main()
