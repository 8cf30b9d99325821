"""What each lever of speed is worth: the step of `dcgan-mnist` without it, images a second.

    python -m benchmarks levers [--models dcgan-mnist gan vae] [--rounds 5] [--only WORD ...]

Every side is the whole step with one lever taken away, so its ratio says what that lever adds to
all the others; "none of them" is PyTorch's own layers under our trainer. Where the processor has
matrix units, `small maps` is a lever as well. The two smallest models, as in `small-step`, have but
one: products by oneDNN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from unittest import mock

import torch
from torch import Tensor

from benchmarks import dcgan_step, small_step
from benchmarks.harness import Prepared, Side
from benchmarks.peers import question
from liangyi.nets.fast import products, sequential
from liangyi.training import memory


def _same(x: Tensor) -> Tensor:
    return x


WITHOUT: dict[str, list[tuple[object, str, Callable[..., object]]]] = {
    "all": [],
    "folding": [(sequential, "folds", lambda *layers: False)],
    "order of maps": [
        (sequential, "arranged", _same),
        (sequential, "flattened", lambda x: x.flatten(1)),
    ],
    "dropout from words": [(sequential, "dropout", torch.nn.functional.dropout)],
    "small maps": [(sequential, "fits", lambda *given: False)],
    "kept memory": [(memory, "keep", lambda: None)],
    "oneDNN's products": [(products, "_slow_library", lambda: False)],
}
USUAL = {"dcgan-mnist": ("images/s", 128), **small_step.USUAL}
NONE = [patch for name, patches in WITHOUT.items() if name != "small maps" for patch in patches]


def take_away(lever: str) -> None:
    """Do without one lever, or without all (`none`), until the process ends."""
    for module, name, instead in NONE if lever == "none" else WITHOUT[lever]:
        mock.patch.object(module, name, instead).start()
    if lever == "none":
        sequential._switch.plain = True


def dcgan(lever: str, batch: int, device: str, precision: str) -> Prepared:
    take_away(lever)
    return dcgan_step.ours(batch, device, precision)


def small(lever: str, model: str, batch: int, device: str, compiled: bool) -> Prepared:
    take_away(lever)
    return small_step.ours(model, batch, device, compiled)


def sides(levers: Iterable[str], prepare: str, **at: object) -> list[Side]:
    names = {"all": "liangyi, all levers", "none": "none of them"}
    return [
        Side(names.get(lever, f"without {lever}"), f"{__name__}:{prepare}", {"lever": lever} | at)
        for lever in levers
    ]


def questions(model: str, batch: int, device: str) -> dict[str, list[Side]]:
    """Return the sides of each way in which the model is trained."""
    at = {"batch": batch, "device": device}
    if model == "dcgan-mnist":
        every = [*WITHOUT, "none"]
        return {
            precision: sides(every, "dcgan", precision=precision, **at)
            for precision in ("float32", "bfloat16")
        }
    two = ("all", "oneDNN's products")
    return {
        way: sides(two, "small", model=model, compiled=way == "compiled", **at)
        for way in ("eager", "compiled")
    }


def main(arguments: list[str]) -> None:
    words = question.options(__doc__, batches=())
    words.add_argument("--models", nargs="+", choices=USUAL, default=list(USUAL))
    asked = words.parse_args(arguments)
    tables = {}
    for model in asked.models:
        unit, usual = USUAL[model]
        for batch in asked.batches or (usual,):
            for way, found in questions(model, batch, asked.device).items():
                title = f"{model}, {way}, batch {batch}"
                tables |= question.compare(title, found, unit, asked)
    question.keep(asked, tables)
