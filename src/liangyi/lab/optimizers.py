"""The rules of descent on a real GAN: how near it comes in equally many steps, at which rates.

The smallest games have closed forms (`circling`); here the same rules move a DCGAN of handwritten
digits. Each is tried at its usual rate and at tenths and tenfolds of it, since a rule that wins at
one rate alone wins by luck.

    SGD              arXiv:1406.2661, here without momentum
    RMSprop          arXiv:1701.07875
    Adam, beta1      0.9 is its authors' (arXiv:1412.6980), 0.5 that of DCGAN (arXiv:1511.06434)
    two rates        the discriminator four times as fast, Adam (TTUR, arXiv:1706.08500)
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from liangyi.lab.drawing import QUICK, WHOLE, Examiner, trained
from liangyi.lab.experiment import Outcome, Work, experiment, said
from liangyi.lab.figure import finite
from liangyi.lab.table import markdown
from liangyi.runs.building import build
from liangyi.zoo.adversarial.dcgan import DCGAN, DCGANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = 3000
RATES = (0.1, 0.3, 1.0, 3.0, 10.0)  # times the usual rate
CONFIG = DCGANConfig(width=16)
Make = Callable[[list[nn.Parameter], float], torch.optim.Optimizer]  # of weights and a rate


@dataclass(frozen=True)
class Rule:
    """A rule of descent for both players.

    Args:
        make: builds it.
        rate: the usual one.
        ratio: the discriminator's rate by the generator's; `rate` is their geometric mean.
    """

    make: Make
    rate: float
    ratio: float = 1.0

    def optimizer(
        self, player: str, weights: list[nn.Parameter], factor: float
    ) -> torch.optim.Optimizer:
        """Return a player's optimiser at so many times the usual rate."""
        side = 0.5 if player == "discriminator" else -0.5
        return self.make(weights, factor * self.rate * self.ratio**side)


def adam(beta: float) -> Make:
    """Return Adam with a decay of its first moment."""
    return lambda weights, rate: torch.optim.Adam(weights, lr=rate, betas=(beta, 0.999))


RULES = {
    "SGD": Rule(lambda weights, rate: torch.optim.SGD(weights, lr=rate), 0.02),
    "RMSprop": Rule(lambda weights, rate: torch.optim.RMSprop(weights, lr=rate), 2e-4),
    "Adam, beta1 0": Rule(adam(0.0), 2e-4),
    "Adam, beta1 0.5": Rule(adam(0.5), 2e-4),
    "Adam, beta1 0.9": Rule(adam(0.9), 2e-4),
    "two rates": Rule(adam(0.5), 2e-4, ratio=4.0),
}


class Ruled(DCGAN):
    """A DCGAN whose players move by a rule."""

    rule: Rule = RULES["Adam, beta1 0.5"]
    factor: float = 1.0  # times its usual rate

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the rule's optimiser."""
        kind = type(self)
        return kind.rule.optimizer(player, weights, kind.factor)


def measured(
    name: str, factor: float, examiner: Examiner, steps: int, seed: int
) -> dict[str, float | None]:
    """Return how good the pictures are after so many steps by a rule; None: it diverged."""
    kind = type("Ruled", (Ruled,), {"rule": RULES[name], "factor": factor})
    model = build(kind, CONFIG, examiner.train.spec, seed)
    return examiner.of_model(trained(model, examiner.train, steps, seed))


@experiment("Which optimiser for a GAN, and how much does its rate matter?")
def run(work: Work) -> Outcome:
    """Train by each rule at each rate."""
    steps = work.steps(STEPS, 2)
    factors = RATES[-2:] if work.quick else RATES
    examiner = Examiner.of(QUICK if work.quick else WHOLE, work.tell)
    rows: list[dict[str, Any]] = []
    for name in RULES:
        runs = {factor: work.each(f"{name} at {factor:g}",
                                  partial(measured, name, factor, examiner, steps))
                for factor in factors}  # fmt: skip
        distances = {f: [one["frechet"] for one in found] for f, found in runs.items()}
        rows.append({"rule": name, "rate": RULES[name].rate, "frechet": distances})
    head = ("Frechet distance; rule", "usual rate", *(f"{factor:g} x" for factor in factors),
            "rates within twice its best")  # fmt: skip
    cells = [[row["rule"], f"{row['rate']:g}", *map(_cell, row["frechet"].values()),
              f"{_steady(row)} of {len(factors)}"] for row in rows]  # fmt: skip
    least = said(examiner.floor["frechet"])
    cells.append(["pictures learned from", "", *[least] * len(factors), ""])
    return Outcome((markdown(head, cells),), rows, _seen(rows, steps), figure=_figure(rows))


def _cell(values: list[float | None]) -> str:
    """Write the mean, and how many trainings diverged."""
    lost = values.count(None)
    known = str(finite(values)) if lost < len(values) else "-"
    return f"{known} ({lost} diverged)" if lost else known


def _mean(values: list[float | None]) -> float:
    """Return the mean; a rate at which any training diverged is none that one would take."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if len(known) == len(values) else math.inf


def _best(row: dict[str, Any]) -> float:
    return min(map(_mean, row["frechet"].values()))


def _steady(row: dict[str, Any]) -> int:
    """Return at how many rates a rule comes within twice its best distance."""
    best = _best(row)
    return sum(_mean(values) <= 2 * best < math.inf for values in row["frechet"].values())


def _seen(rows: list[dict[str, Any]], steps: int) -> str:
    near = min(rows, key=_best)
    if _best(near) == math.inf:
        return "There is no rate of any rule at which all trainings came to their end."
    most = max(map(_steady, rows))
    steady = ", ".join(f"`{row['rule']}`" for row in rows if _steady(row) == most)
    tuned = max(near["frechet"], key=lambda factor: -_mean(near["frechet"][factor]))
    usual = {row["rule"]: _mean(row["frechet"][1.0]) for row in rows if 1.0 in row["frechet"]}
    usual = {rule: mean for rule, mean in usual.items() if mean < math.inf}
    alike = f"; at the usual rates `{min(usual, key=usual.__getitem__)}`" if usual else ""
    return (
        f"After {steps:,} steps `{near['rule']}` at {tuned * near['rate']:g} comes nearest to the "
        f"digits ({said(_best(near))}){alike}; the rate matters least to {steady}: {most} of "
        f"{len(near['frechet'])} come within twice its best."
    )


def _figure(rows: list[dict[str, Any]]) -> Figure:
    from liangyi.lab.figure import panels

    figure, (axes,) = panels(1, 1, 7, 4)
    for row in rows:
        known = {f: total for f, values in row["frechet"].items()
                 if (total := finite(values)).values}  # fmt: skip
        error = [total.half or 0.0 for total in known.values()]
        axes.errorbar(list(known), [total.mean for total in known.values()], error,
                      fmt="o-", capsize=3, label=row["rule"])  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="times the usual rate", ylabel="Frechet distance")
    factors = list(rows[0]["frechet"])
    axes.set_xticks(factors, [f"{factor:g}" for factor in factors])
    axes.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    axes.legend(frameon=False, fontsize=8)
    return figure
