"""Whether antirectified layers need half the weights of a ReLU network for the same accuracy.

The claim of the Keras example `antirectifier.py`, which gives no figure for it: 256 linear
functions that are antirectified against 256 and against 512 followed by ReLU, everything else equal
(`mnist`, 40 epochs; held-out pictures choose nothing). No layer but this one centres or normalises.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from liangyi.core.counts import many
from liangyi.lab.classified import Known, accuracy, learned, pictures
from liangyi.lab.table import Summary, markdown
from liangyi.runs.building import build
from liangyi.zoo.vision.antirectifier import AntirectifierConfig, AntirectifierMLP

NETWORKS = {
    "antirectifier, 256 wide": AntirectifierConfig(),
    "ReLU, 256 wide": AntirectifierConfig(activation="relu"),
    "ReLU, 512 wide": AntirectifierConfig(activation="relu", widths=(512, 512)),
}
DATA = "mnist"


def measure(
    seeds: int, steps: int | None, out: Path, tell: Callable[[str], None]
) -> tuple[str, list[dict[str, Any]]]:
    """Return the table of held-out accuracies, and the same as plain values."""
    train, test = pictures(DATA, "train"), pictures(DATA, "test")
    steps = steps or AntirectifierMLP.recipe.total(len(train))
    known = Known(out / "figures.json", tell)
    rows: list[list[str]] = []
    plain: list[dict[str, Any]] = []
    first: tuple[float, ...] = ()
    for name, config in NETWORKS.items():

        def trained(seed: int, config: AntirectifierConfig = config) -> float:
            model = build(AntirectifierMLP, config, train.spec, seed)
            return accuracy(learned(model, train, steps, seed), test)

        found = tuple(
            known.figure(f"{name}, {steps} steps, seed {seed}", lambda seed=seed: trained(seed))  # type: ignore[misc]
            for seed in range(seeds)
        )
        first = first or found
        less = Summary(tuple(a - b for a, b in zip(first, found, strict=True)))
        size = sum(w.numel() for w in build(AntirectifierMLP, config, train.spec, 0).parameters())
        rows.append([name, f"{size:,}", *map(percent, (Summary(found), less))])
        plain.append({"network": name, "parameters": size, "accuracy": Summary(found).json(),
                      "first less this": less.json()})  # fmt: skip
    rows[0][-1] = ""
    head = (f"{DATA}, {steps} steps", "parameters", "accuracy, %", "antirectifier less this")
    share = plain[0]["parameters"] / plain[-1]["parameters"]
    note = f"{many(seeds, 'seed')}; the first has {share:.1%} of the parameters of the last.\n"
    return f"{markdown(head, rows)}\n\n{note}", plain


def percent(of: Summary) -> str:
    """Write shares as per cent."""
    half = of.half
    return f"{100 * of.mean:.2f}" + (f" ± {100 * half:.2f}" if half is not None else "")
