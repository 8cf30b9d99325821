"""The best discriminator between two known laws, and the one that training finds.

Goodfellow et al., arXiv:1406.2661, proposition 1 and theorem 1: for a fixed generator the best
discriminator is D* = p / (p + q), and the value of the game is then -log 4 + 2 JSD(p, q). Both are
known here by sums over a grid; the discriminator is that of `gan`, whose generator is a fixed law.
With few real points it learns these by heart: its value on them rises, on new ones it falls.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from liangyi.lab.divergences import gaussian, mixture
from liangyi.lab.divergences import grid as _mixture_grid
from liangyi.lab.experiment import Check, Outcome, Work, experiment, said
from liangyi.lab.fitting import DEVIATION, Drawn, Law, against, centres, followed, points, ring
from liangyi.lab.frames import Frames
from liangyi.lab.table import Summary, markdown
from liangyi.losses import adversarial
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN, GANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, BATCH, LOOKS = 2000, 256, 20
FEW = (30, 100, 300, 1000)
CONFIG = GANConfig(latent=2, discriminator_widths=(64, 64), slope=0.0, learning_rate=2e-3)
WIDE = 0.2  # of the modes of the ring here: on the narrow one nobody overlaps
Density = Callable[[Tensor], Tensor]  # log densities [N] of points [N D]


@dataclass(frozen=True)
class Pair:
    """Two laws whose densities are known."""

    real: Law
    fake: Law
    log_p: Density
    log_q: Density
    grid: Tensor  # [N D], evenly spaced, beyond which there is nothing
    cell: float  # length or area of one

    def best(self, items: Tensor) -> Tensor:
        """Return the logits of p / (p + q)."""
        return self.log_p(items) - self.log_q(items)

    def divergence(self) -> float:
        """Return the Jensen-Shannon divergence, in nats, by the grid."""
        log_p, log_q = self.log_p(self.grid), self.log_q(self.grid)
        middle = torch.logaddexp(log_p, log_q) - math.log(2)
        both = log_p.exp() * (log_p - middle) + log_q.exp() * (log_q - middle)
        return float(both.sum()) * self.cell / 2


def _normal(items: Tensor) -> Tensor:
    return -items.square().sum(1) / 2 - items.shape[1] / 2 * math.log(2 * math.pi)


def _line() -> Tensor:
    return _mixture_grid()[0][:, None]


def _log_mixture(items: Tensor) -> Tensor:
    from liangyi.lab.divergences import MODES

    return torch.logsumexp(torch.stack([math.log(w) + gaussian(items[:, 0], m, s)
                                        for w, m, s in MODES]), 0)  # fmt: skip


def wide_ring(normal: Tensor, share: Tensor) -> Tensor:
    """Return points of the ring with wider modes."""
    return ring(normal * (WIDE / DEVIATION), share)


def _log_ring(items: Tensor) -> Tensor:
    apart = torch.cdist(items, centres().to(items)).square() / (2 * WIDE**2)
    return torch.logsumexp(-apart, 1) - math.log(len(centres()) * 2 * math.pi * WIDE**2)


def pairs() -> dict[str, Pair]:
    """Return the pairs of laws."""
    line = _line()
    fine = float(line[1, 0] - line[0, 0])
    side = torch.linspace(-5, 5, 401, dtype=torch.float64, device="cpu")
    plane = torch.cartesian_prod(side, side)
    normal: Law = lambda z, u: z  # noqa: E731
    return {
        "two normal laws, apart by 1": Pair(
            normal, lambda z, u: z + 1, _normal, lambda x: _normal(x - 1), line, fine
        ),
        "two modes, a normal law": Pair(mixture, normal, _log_mixture, _normal, line, fine),
        "a ring, a normal law": Pair(
            wide_ring, normal, _log_ring, _normal, plane, float(side[1] - side[0]) ** 2
        ),
    }


def judged(pair: Pair, model: Any, seed: int, seen: Tensor | None = None) -> dict[str, float]:
    """Return the value of the game on new points, the best one there, and what D is off by.

    Args:
        pair: of laws.
        model: its adversary.
        seed: decides the points.
        seen: real points that it learned from; of them the value is told, too.
    """
    width = pair.grid.shape[1]
    real, fake = (points(law, 20_000, width, seed, "test", place)
                  for place, law in enumerate((pair.real, pair.fake)))  # fmt: skip
    with torch.no_grad():
        true, false = (model.judgement(model.Batch(part)).flatten() for part in (real, fake))
        best, other = (pair.best(part.double()) for part in (real, fake))
        off = torch.cat([true, false]).sigmoid() - torch.cat([best, other]).sigmoid()
        found = {"value": -float(adversarial.discriminator(true, false)),
                 "best on these": -float(adversarial.discriminator(best, other)),
                 "off": float(off.abs().mean())}  # fmt: skip
        if seen is not None:
            known = model.judgement(model.Batch(seen)).flatten()
            found["value on its own"] = -float(adversarial.discriminator(known, false))
    return found


def reached(name: str, work: Work, steps: int, seed: int, few: int = 0) -> dict[str, Any]:
    """Train a discriminator between two laws; of the first seed keep what it says of a line."""
    pair = pairs()[name]
    width = pair.grid.shape[1]
    stream = Drawn(pair.real, width, BATCH, seed, few)
    model = build(against(GAN, pair.fake), CONFIG, stream.spec, seed)
    frames = Frames(points(pair.real, 250, 2, 0, "test"), 3.0) if width == 2 else None
    for step, trainer in followed(model, stream, steps, seed, LOOKS):
        if frames is not None:
            frames.look(step, trainer.model)
    found: dict[str, Any] = judged(pair, model, seed, stream.few)
    if frames is not None and seed == 0:
        frames.save(work.frames(name))
    if width == 1 and seed == 0:
        x = torch.linspace(-4, 4, 161, device="cpu")[:, None]
        with torch.no_grad():
            found["said"] = model.judgement(model.Batch(x)).sigmoid().flatten().tolist()
    return found


@experiment("Does a discriminator reach D* = p / (p + q), and what do few data make of it?")
def run(work: Work) -> Outcome:
    """Train on endless points of three pairs of laws, and on few of one."""
    steps = work.steps(STEPS, 5)
    tables: list[str] = []
    rows: list[dict[str, Any]] = []
    for name, pair in pairs().items():
        js = pair.divergence()
        runs = work.each(name, partial(reached, name, work, steps))
        rows.append({"laws": name, "JSD": js, "optimum": 2 * js - math.log(4), "runs": runs})
    cells = [[row["laws"], f"{row['JSD']:.4f}", f"{row['optimum']:.4f}", str(_of(row, "value")),
              str(_of(row, "off"))] for row in rows]  # fmt: skip
    tables.append(markdown(("laws", "JSD, nats", "-log 4 + 2 JSD", "value reached, new points",
                            "D off D*, mean"), cells))  # fmt: skip
    name = rows[1]["laws"]
    for count in FEW:
        runs = work.each(f"{name}, {count} points", partial(reached, name, work, steps, few=count))
        rows.append({"laws": name, "points": count, "runs": runs})
    few = [row for row in rows if "points" in row]
    keys = ("value on its own", "value", "off")
    cells = [[f"{row['points']:,}", *(str(_of(row, key)) for key in keys)] for row in few]
    head = (f"real points of {name}", "value on these", "value on new points", "D off D*, mean")
    tables.append(markdown(head, cells))
    return Outcome(tables, rows, _seen(rows[:3], few), _checks(rows[:3], work.quick),
                   _figure(rows[1], few))  # fmt: skip


def _of(row: dict[str, Any], key: str) -> Summary:
    return Summary(tuple(run[key] for run in row["runs"]))


def _seen(rows: list[dict[str, Any]], few: list[dict[str, Any]]) -> str:
    off = max(_of(row, "off").mean for row in rows)
    least = few[0]
    return (
        f"With endless data the mean distance of D from D* falls to {said(off)} or less; with "
        f"{least['points']} real points it is {said(_of(least, 'off').mean)}, and the value seems "
        f"{said(_of(least, 'value on its own').mean)} on these while it is "
        f"{said(_of(least, 'value').mean)} on new ones (the best is "
        f"{said(rows[1]['optimum'])})."
    )


def _checks(rows: list[dict[str, Any]], quick: bool) -> list[Check]:
    """Compare D* on samples, and the trained ones, with the theorem."""
    checks = [Check(f"value of D* on samples, {row['laws']}", _of(row, "best on these").mean,
                    row["optimum"], 0.02) for row in rows]  # fmt: skip
    trained = [Check(f"value reached by training, {row['laws']}", _of(row, "value").mean,
                     row["optimum"], 0.03) for row in rows]  # fmt: skip
    return checks if quick else checks + trained


def _figure(row: dict[str, Any], few: list[dict[str, Any]]) -> Figure:
    from liangyi.lab.figure import panels

    figure, (left, right) = panels(1, 2, 4.6, 3.2)
    x = torch.linspace(-4, 4, 161, dtype=torch.float64, device="cpu")[:, None]
    pair = pairs()[row["laws"]]
    left.fill_between(x[:, 0], pair.log_p(x).exp(), color="0.85", label="p")
    left.plot(x[:, 0], pair.log_q(x).exp(), color="0.6", label="q")
    left.plot(x[:, 0], pair.best(x).sigmoid(), "k--", label="p / (p + q)")
    left.plot(x[:, 0], row["runs"][0]["said"], label="trained on endless data")
    left.plot(x[:, 0], few[0]["runs"][0]["said"], label=f"on {few[0]['points']} points")
    left.set(title=row["laws"], xlabel="x", ylim=(0, 1.3))
    counts = [one["points"] for one in few]
    for key, label in (("value on its own", "on its own points"), ("value", "on new points")):
        totals = [_of(one, key) for one in few]
        right.errorbar(counts, [t.mean for t in totals], [t.half or 0 for t in totals], fmt="o-",
                       capsize=3, label=label)  # fmt: skip
    right.axhline(row["optimum"], color="k", ls="--", label="-log 4 + 2 JSD")
    right.set(xscale="log", xlabel="real points", title="value of the game")
    left.legend(frameon=False, fontsize=8, ncol=2, loc="upper center")
    right.legend(frameon=False, fontsize=8)
    return figure
