"""How much a generator is told, by its distance from the data: JS, KL, Wasserstein, with noise.

Arjovsky and Bottou, arXiv:1701.04862: between laws that do not overlap the Jensen-Shannon
divergence is log 2 wherever they are, and the gradient through a perfect discriminator vanishes.
Real points are N(0, s^2), generated ones N(d, s^2); with the best discriminator D* all is known by
sums over a grid. Beside it stand discriminators that were really trained, the longer, the blinder.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from liangyi.lab.experiment import Check, Outcome, Work, experiment
from liangyi.lab.fitting import Drawn, Law, against, followed, points
from liangyi.lab.table import markdown
from liangyi.losses import adversarial
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN, GANConfig
from liangyi.zoo.adversarial.wgan_gp import WGANGP, WGANGPConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from liangyi.core.model import Model

STEPS, BATCH, LOOKS = 1000, 128, 20
DEVIATION, NOISE = 0.1, 1.0  # of both laws, and what is added to both
AWAY = 1.0  # where trained discriminators are asked
DISTANCES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
LOSSES = {"minimax": adversarial.saturating, "non-saturating": adversarial.nonsaturating}
_HALF, _FINE = 12.0, 40_001


def divergence(distance: Tensor, deviation: float) -> Tensor:
    """Return the Jensen-Shannon divergence of N(0, s^2) and N(d, s^2), in nats, by a grid."""
    x = torch.linspace(-_HALF, _HALF, _FINE, dtype=torch.float64, device="cpu")
    log_p, log_q = (
        _log_density(x, place, deviation) for place in (torch.zeros_like(distance), distance)
    )
    middle = torch.logaddexp(log_p, log_q) - math.log(2)
    found = log_p.exp() * (log_p - middle) + log_q.exp() * (log_q - middle)
    return found.sum() * (x[1] - x[0]) / 2


def _log_density(x: Tensor, mean: Tensor, deviation: float) -> Tensor:
    return -(((x - mean) / deviation) ** 2) / 2 - math.log(deviation * math.sqrt(2 * math.pi))


def pulls(distance: float, deviation: float) -> dict[str, float]:
    """Return the mean slope of each loss at the generated points, under the best discriminator.

    With the logit l(x) = log p - log q, whose slope is -d / s^2 everywhere, log(1 - D*) has the
    slope d D* / s^2 and -log D* has d (1 - D*) / s^2: their sum is that of KL(q || p), d / s^2. A
    critic that measures the Wasserstein distance has 1.
    """
    x = torch.linspace(-_HALF, _HALF, _FINE, dtype=torch.float64, device="cpu")
    mean = torch.tensor(distance, dtype=torch.float64, device="cpu")
    log_q = _log_density(x, mean, deviation)
    logit = _log_density(x, torch.zeros_like(mean), deviation) - log_q
    real = float((log_q.exp() * torch.sigmoid(logit)).sum() * (x[1] - x[0]))
    steep = distance / deviation**2
    return {"minimax": steep * real, "non-saturating": steep * (1 - real), "KL": steep,
            "Wasserstein": 1.0}  # fmt: skip


# trained discriminators


def law(mean: float, deviation: float) -> Law:
    """Return N(mean, deviation^2)."""
    return lambda normal, share: mean + deviation * normal


def judges() -> dict[str, tuple[type[Model], Any, float]]:
    """Return who is trained between the two laws: model, settings, deviation of the laws."""
    config = GANConfig(latent=1, discriminator_widths=(64, 64), learning_rate=1e-3)
    penalised = WGANGPConfig(latent=1, width=8, penalty=10.0, critic_steps=1, learning_rate=1e-3)
    return {
        "discriminator": (GAN, config, DEVIATION),
        "discriminator, noise added": (GAN, config, math.hypot(DEVIATION, NOISE)),
        "penalised critic": (WGANGP, penalised, DEVIATION),
    }


def blinded(name: str, steps: int, seed: int) -> dict[str, list[float]]:
    """Return the slopes that a generator would get through an adversary, look by look."""
    kind, config, deviation = judges()[name]
    stream = Drawn(law(0.0, deviation), 1, BATCH, seed)
    model = build(against(kind, law(AWAY, deviation)), config, stream.spec, seed)
    fake = points(law(AWAY, deviation), 1000, 1, seed, "test")
    losses = {"Wasserstein": adversarial.linear} if kind is WGANGP else LOSSES
    found: dict[str, list[float]] = {"step": [], **{loss: [] for loss in losses}}
    for step, trainer in followed(model, stream, steps, seed, LOOKS):
        found["step"].append(step)
        for loss, wanted in losses.items():
            found[loss].append(slope(trainer.model, fake, wanted))
    return found


def slope(model: Model, fake: Tensor, loss: Any) -> float:
    """Return the mean size of the slope of a generator's loss at its points."""
    fake = fake.clone().requires_grad_()
    (found,) = torch.autograd.grad(loss(model.judgement(model.Batch(fake))), fake)
    return float(found.norm(dim=1).sum())


@experiment("How much is a generator told when its points lie apart from the data?")
def run(work: Work) -> Outcome:
    """Sum over grids, and ask trained discriminators."""
    noisy = math.hypot(DEVIATION, NOISE)
    rows: list[dict[str, Any]] = []
    for distance in DISTANCES:
        where = torch.tensor(distance, dtype=torch.float64, device="cpu")
        plain, added = pulls(distance, DEVIATION), pulls(distance, noisy)
        rows.append({"distance": distance, "JS": float(divergence(where, DEVIATION)), **plain}
                    | {f"{loss}, noise": added[loss] for loss in LOSSES})  # fmt: skip
    steps = work.steps(STEPS, 5)
    looks = {name: work.each(name, partial(blinded, name, steps)) for name in judges()}
    head = ("distance", "JS, nats", *list(rows[0])[2:])
    cells = [
        [f"{row['distance']:g}", *(f"{row[key]:.3g}" for key in list(row)[1:])] for row in rows
    ]
    first = next(iter(looks.values()))[0]["step"]
    asked = [0, len(first) // 4, len(first) // 2, len(first) - 1]
    trained = [[f"{name}: {loss}", *(f"{sum(run[loss][place] for run in runs) / len(runs):.2g}"
                                     for place in asked)]
               for name, runs in looks.items() for loss in runs[0] if loss != "step"]  # fmt: skip
    other = (
        f"slope at a distance of {AWAY:g}, trained for steps",
        *(f"{first[place]:,}" for place in asked),
    )
    tables = (markdown(head, cells), markdown(other, trained))
    facts = [*rows, *({"trained": name, "runs": runs} for name, runs in looks.items())]
    return Outcome(tables, facts, _seen(rows, looks), _checks(), _figure(looks))


def _seen(rows: list[dict[str, Any]], looks: dict[str, Any]) -> str:
    far = rows[-1]
    runs = looks["discriminator"]
    end = {
        loss: sum(run[loss][-1] for run in runs) / len(runs)
        for loss in ("minimax", "non-saturating")
    }
    return (
        f"At a distance of {far['distance']:g}, {far['distance'] / DEVIATION:.0f} deviations, the "
        f"best discriminator leaves the minimax loss a slope of {far['minimax']:.2g} and the "
        f"non-saturating one {far['non-saturating']:.3g}, noise gives the first "
        f"{far['minimax, noise']:.2g} back, and the Wasserstein distance has 1 everywhere; through "
        f"a trained discriminator they were {end['minimax']:.2g} and {end['non-saturating']:.2g} "
        "at the end."
    )


def _checks() -> list[Check]:
    """Compare with closed forms and with each other."""
    where = torch.tensor(0.15, dtype=torch.float64, device="cpu")
    (twice,) = torch.autograd.grad(2 * divergence(where.requires_grad_(), DEVIATION), where)
    pull = pulls(0.15, DEVIATION)
    far = torch.tensor(5.0, dtype=torch.float64, device="cpu")
    return [
        Check("JS of laws that do not meet: log 2", float(divergence(far, DEVIATION)),
              math.log(2), 1e-9),
        Check("minimax slope: that of 2 JS", pull["minimax"], float(twice), 1e-6),
        Check("non-saturating slope: of KL less 2 JS (theorem 2.5)", pull["non-saturating"],
              0.15 / DEVIATION**2 - float(twice), 1e-6),
    ]  # fmt: skip


def _figure(looks: dict[str, Any]) -> Figure:
    from liangyi.lab.figure import band, panels

    figure, (left, middle, right) = panels(1, 3, 3.8, 3.2)
    away = torch.linspace(0.01, 2, 100, dtype=torch.float64, device="cpu")
    wide = math.hypot(DEVIATION, NOISE)
    for label, deviation in (("JS", DEVIATION), ("JS, noise added", wide)):
        left.plot(away, [float(divergence(d, deviation)) for d in away], label=label)
    left.plot(away, away, label="Wasserstein")
    left.plot(away, away**2 / (2 * DEVIATION**2), label="KL")
    left.set(ylim=(0, 2), xlabel="distance", title="divergences")
    curves = [pulls(float(d), DEVIATION) for d in away]
    for name in curves[0]:
        middle.semilogy(away, [max(one[name], 1e-12) for one in curves], label=name)
    middle.semilogy(away, [pulls(float(d), wide)["minimax"] for d in away], "--",
                    label="minimax, noise added")  # fmt: skip
    middle.set(ylim=(1e-6, 1e3), xlabel="distance", title="slope under the best discriminator")
    for name, runs in looks.items():
        for loss in (key for key in runs[0] if key != "step"):
            band(right, runs[0]["step"], [run[loss] for run in runs], f"{name}: {loss}")
    right.set(yscale="log", ylim=(1e-6, 1e2), xlabel="steps of training",
              title=f"slope through trained ones, distance {AWAY:g}")  # fmt: skip
    for axes in (left, middle, right):
        axes.legend(frameon=False, fontsize=7)
    return figure
