"""Where the time of a training step goes: by PyTorch's own layers, and as it is here.

    python -m benchmarks profile [--batches 128] [--threads 2] [--json FILE]

Milliseconds of a whole step of `dcgan-mnist`, by kind of operation, as PyTorch's profiler counts
them (it costs a little itself). `before` is a trainer with PyTorch's own layers and allocator,
`after` the same with all levers of `python -m benchmarks levers`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

from torch.profiler import ProfilerActivity, profile

from benchmarks.dcgan_step import trainer_of
from benchmarks.harness import Prepared, Side, Worker, figure
from benchmarks.levers import take_away
from benchmarks.peers import question
from benchmarks.peers.resident import batches
from liangyi.lab.table import markdown
from liangyi.zoo.adversarial.dcgan_mnist import DCGANMnistConfig

STEPS = 10
KINDS = {  # the first that has the operation's name, or the beginning of it
    "convolutions, forward": ("mkldnn_convolution",),
    "convolutions, backward": ("convolution_backward",),
    "products": ("mm", "addmm", "bmm", "_linear_pointwise", "liangyi::product"),
    "random numbers and dropout": ("bernoulli", "random_", "uniform_", "native_dropout"),
    "batch normalisation": ("native_batch_norm",),
    "doubling": ("upsample",),
    "copies": ("copy_", "cat", "zero_", "fill_"),
}
OTHER, BETWEEN = "pointwise, optimisers, others", "between operations"


def kind_of(operation: str) -> str:
    name = operation.removeprefix("aten::").removeprefix("mkldnn::")
    return next((kind for kind, names in KINDS.items() if name.startswith(names)), OTHER)


def profiled(lever: str, batch: int, precision: str) -> Prepared:
    """Return work that does nothing, and the profile as a fact: milliseconds a step."""
    take_away(lever)
    images = batches(batch, device="cpu")
    trainer = trainer_of(DCGANMnistConfig(), images, device="cpu", precision=precision)
    for _ in trainer.run(3):
        pass
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        began = time.perf_counter()
        for _ in trainer.run(STEPS):
            pass
        whole = (time.perf_counter() - began) * 1e3 / STEPS
    spent = dict.fromkeys([*KINDS, OTHER], 0.0)
    for event in seen.key_averages():
        spent[kind_of(event.key)] += event.self_cpu_time_total / 1e3 / STEPS
    spent[BETWEEN] = whole - sum(spent.values())
    return (lambda: 1.0), {"milliseconds": spent | {"whole step": whole}}


def table(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    rows = [
        [kind, figure(one), figure(after[kind]), f"{one - after[kind]:.3g}"]
        for kind, one in before.items()
    ]
    return markdown(["", "before, ms", "after, ms", "saved, ms"], rows)


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(
        prog="python -m benchmarks profile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("--batches", type=int, nargs="+", default=[128])
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--json", type=Path, metavar="FILE", help="save everything")
    asked = words.parse_args(arguments)
    tables: dict[str, dict[str, Mapping[str, float]]] = {}
    for batch in asked.batches:
        for precision in ("float32", "bfloat16"):
            found = {}
            for name, lever in {"before": "none", "after": "all"}.items():
                at = {"lever": lever, "batch": batch, "precision": precision}
                worker = Worker(Side(name, f"{__name__}:profiled", at), asked.threads)
                found[name] = worker.facts["milliseconds"]
                worker.close()
            title = f"{precision}, batch {batch}"
            print(f"**{title}**\n\n{table(**found)}\n", flush=True)
            tables[title] = found
    question.keep(asked, tables)
