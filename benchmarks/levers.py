"""What each lever of speed is worth: the step of `dcgan-mnist` without it, images a second.

    python -m benchmarks levers [--batches 128] [--rounds 5] [--only WORD ...]

Every side is the whole step with one lever taken away, so its ratio says what that lever adds to
all the others; "none of them" is PyTorch's own layers under our trainer. Where the processor has
matrix units, `small maps` is a lever as well.
"""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

import torch
from torch import Tensor

from benchmarks import dcgan_step
from benchmarks.harness import Prepared, Side
from benchmarks.peers import question
from liangyi.core import memory
from liangyi.nets import sequential


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
}
NONE = [patch for name, patches in WITHOUT.items() if name != "small maps" for patch in patches]


def without(lever: str, batch: int, precision: str) -> Prepared:
    for module, name, instead in NONE if lever == "none" else WITHOUT[lever]:
        mock.patch.object(module, name, instead).start()  # until the process ends
    if lever == "none":
        sequential._switch.plain = True
    return dcgan_step.ours(batch, "cpu", precision)


def main(arguments: list[str]) -> None:
    asked = question.options(__doc__, batches=(128,)).parse_args(arguments)
    tables = {}
    for batch in asked.batches:
        for precision in ("float32", "bfloat16"):
            found = [
                Side(
                    "liangyi, all levers" if lever == "all" else f"without {lever}",
                    f"{__name__}:without",
                    {"lever": lever, "batch": batch, "precision": precision},
                )
                for lever in WITHOUT
            ]
            at = {"lever": "none", "batch": batch, "precision": precision}
            found.append(Side("none of them", f"{__name__}:without", at))
            title = f"{precision}, batch {batch}"
            tables |= question.compare(title, found, "images/s", asked)
    question.keep(asked, tables)
