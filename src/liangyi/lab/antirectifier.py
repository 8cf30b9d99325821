"""Whether antirectified layers need half the weights of a ReLU network for the same accuracy.

The claim of the Keras example `antirectifier.py`, which gives no figure for it: 256 linear
functions that are antirectified against 256 and against 512 followed by ReLU, everything else equal
(`mnist`, 40 epochs; held-out pictures choose nothing). No layer but this one centres or normalises.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from liangyi.core.counts import many
from liangyi.data import Dataset
from liangyi.lab.classified import accuracy, learned, pictures
from liangyi.lab.experiment import Outcome, Work, experiment
from liangyi.lab.figure import dots, panels
from liangyi.lab.table import Summary, markdown
from liangyi.runs.building import build
from liangyi.zoo.vision.antirectifier import AntirectifierConfig, AntirectifierMLP

NETWORKS = {
    "antirectifier, 256 wide": AntirectifierConfig(),
    "ReLU, 256 wide": AntirectifierConfig(activation="relu"),
    "ReLU, 512 wide": AntirectifierConfig(activation="relu", widths=(512, 512)),
}
DATA, QUICK = "mnist", "digits"


@experiment("Do antirectified layers need half the weights of a ReLU network?")
def run(work: Work) -> Outcome:
    """Train the three networks under equal terms."""
    data = QUICK if work.quick else DATA
    train, test = pictures(data, "train"), pictures(data, "test")
    steps = work.steps(AntirectifierMLP.recipe.total(len(train)), 3)
    found = {name: Summary(tuple(work.each(name, partial(trained, config, train, test, steps))))
             for name, config in NETWORKS.items()}  # fmt: skip
    first, *_, last = found.values()
    rows: list[list[str]] = []
    plain: list[dict[str, Any]] = []
    for name, own in found.items():
        less = Summary(tuple(a - b for a, b in zip(first.values, own.values, strict=True)))
        model = build(AntirectifierMLP, NETWORKS[name], train.spec, 0)
        size = sum(w.numel() for w in model.parameters())
        rows.append([name, f"{size:,}", percent(own), "" if own is first else percent(less)])
        plain.append({"network": name, "parameters": size, "accuracy": own.json(),
                      "first less this": less.json()})  # fmt: skip
    head = (f"{data}, {steps} steps", "parameters", "accuracy, %", "antirectifier less this")
    share = plain[0]["parameters"] / plain[-1]["parameters"]
    seen = (
        f"With {share:.1%} of the parameters the antirectifier names {percent(first)} % rightly, "
        f"the ReLU network twice as wide {percent(last)} % ({many(len(work.seeds), 'seed')})."
    )
    figure, (axes,) = panels(1, 1, 7, 2)
    dots(axes, found, "accuracy on held-out pictures")
    return Outcome((markdown(head, rows),), plain, seen, figure=figure)


def trained(
    config: AntirectifierConfig, train: Dataset, test: Dataset, steps: int, seed: int
) -> float:
    """Return the held-out accuracy of a network after so many steps."""
    return accuracy(learned(build(AntirectifierMLP, config, train.spec, seed), train, steps, seed),
                    test)  # fmt: skip


def percent(of: Summary) -> str:
    """Write shares as per cent."""
    half = of.half
    return f"{100 * of.mean:.2f}" + (f" ± {100 * half:.2f}" if half is not None else "")
