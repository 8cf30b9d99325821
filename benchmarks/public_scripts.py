"""Quality of digits after equal time: liangyi's models beside public scripts of the same papers.

    python -m benchmarks public-scripts REPOSITORY OUT [--minutes 5] [--seeds 0 1 2]
        [--only WORD ...]

REPOSITORY is a checkout of eriklindernoren/PyTorch-GAN; its scripts run as they are, with their own
settings, on 32 x 32 pixels (`peers/public_script.py`). Ours run by `liangyi train`, with the
settings of OURS. Each training has a process and one thread of its own, one after the other; run it
on an idle machine. All samples are judged by the evaluator of `liangyi score` on held-out digits.

What is done is kept in OUT and not done again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liangyi.core.batch import Images
from liangyi.core.verbs import samples
from liangyi.data import Dataset, choose
from liangyi.lab.table import Summary, markdown
from liangyi.metrics.frechet import frechet, gaussian
from liangyi.metrics.neighbours import manifold
from liangyi.runs.run import Run
from liangyi.scoring.evaluator import Evaluator, evaluator_of

# script -> what `liangyi train` is told beside the data, the minutes and the seed
OURS = {
    "dcgan": "dcgan --width 32 --batch-size 64 --learning-rate 5e-4",
    "acgan": "acgan --depth 96 --width 8",
    "cgan": "cgan --learning-rate 5e-4",
    "wgan_gp": "wgan-gp --width 16 --learning-rate 5e-4",
    "infogan": "infogan",
}
COLUMNS = ("frechet", "coverage", "precision", "recall", "as_asked", "steps")
_SAMPLES = 5000
_ASKED = ("acgan", "cgan")  # whose generators are told a class
_ONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def theirs(repository: Path, name: str, seed: int, minutes: float, out: Path) -> Path:
    """Return the file of a script's samples; it is run where that is not kept yet."""
    file = out / f"{name}-{seed}-script.npz"
    if not file.exists():
        script = repository / "implementations" / name / f"{name}.py"
        command = [sys.executable, "-m", "benchmarks.peers.public_script", str(script), str(file),
                   "--seconds", str(60 * minutes), "--seed", str(seed)]  # fmt: skip
        subprocess.run(command, env=os.environ | _ONE, stdout=subprocess.DEVNULL, check=True)
    return file


def ours(name: str, seed: int, minutes: float, out: Path) -> Path:
    """Return the file of our samples; the training is made or gone on with."""
    file, run = out / f"{name}-{seed}-liangyi.npz", out / f"{name}-{seed}"
    if not file.exists():
        begin = ["train", *OURS[name].split(), "--data", "mnist", "--minutes", f"{minutes:g}",
                 "--seed", str(seed), "--out", str(run), "--validate-every", "0"]  # fmt: skip
        words = ["resume", str(run)] if Run.there(run) else begin
        command = [sys.executable, "-m", "liangyi", *words]
        subprocess.run(command, env=os.environ | _ONE, stdout=subprocess.DEVNULL, check=True)
        model = Run(run).model()
        label = torch.arange(_SAMPLES) % 10  # what one draws who is not asked: classes in turn
        low, high = model.image_range
        image = (samples(model, _SAMPLES) - low) / (high - low) * 2 - 1
        np.savez(file, image=image.numpy(), label=label.numpy(), steps=Run(run).made)
    return file


def judged(file: Path, name: str, real: Tensor, evaluator: Evaluator) -> dict[str, float]:
    """Return the figures of samples beside the features of real digits."""
    with np.load(file) as found:
        image, label, steps = (torch.from_numpy(found[k]) for k in ("image", "label", "steps"))
    features = evaluator.features(image, (-1.0, 1.0))
    near = manifold(real, features)
    figures = {"frechet": frechet(gaussian(real), gaussian(features)), "steps": float(steps)}
    figures |= {k: float(getattr(near, k).mean()) for k in ("coverage", "precision", "recall")}
    right = evaluator.classes(image, (-1.0, 1.0)) == label
    return figures | {"as_asked": float(right.float().mean()) if name in _ASKED else float("nan")}


def report(found: dict[tuple[str, str], list[dict[str, float]]]) -> str:
    """Return the table: two rows for each paper."""
    rows = []
    for (name, side), figures in found.items():
        sums = [Summary(tuple(one[c] for one in figures)) for c in COLUMNS]
        rows.append([name, side, str(len(figures)), *map(str, sums)])
    return markdown(("paper", "side", "seeds", *COLUMNS), rows)


def main(arguments: Sequence[str]) -> None:
    words = argparse.ArgumentParser(
        prog="python -m benchmarks public-scripts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("repository", type=Path, metavar="REPOSITORY")
    words.add_argument("out", type=Path, metavar="OUT")
    words.add_argument("--minutes", type=float, default=5.0)
    words.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    words.add_argument("--only", nargs="+", choices=list(OURS), default=list(OURS))
    asked = words.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    source = choose("mnist")
    evaluator = evaluator_of(source, tell=lambda line: print(line, file=sys.stderr))
    held_out = source.split("test")
    assert isinstance(held_out, Dataset)
    real = evaluator.features(held_out.some(_SAMPLES, Images, "cpu", (0.0, 1.0))[0], (0.0, 1.0))
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for seed in asked.seeds:
        for name in asked.only:
            for side, file in (
                ("script", theirs(asked.repository, name, seed, asked.minutes, asked.out)),
                ("liangyi", ours(name, seed, asked.minutes, asked.out)),
            ):
                figures = judged(file, name, real, evaluator)
                found.setdefault((name, side), []).append(figures)
                print(f"seed {seed}, {name}, {side}: {figures}", file=sys.stderr)
    print(report(found))
    print(f"\n{_SAMPLES:,} samples beside as many held-out digits, features of {evaluator.name}.")


if __name__ == "__main__":
    main(sys.argv[1:])
