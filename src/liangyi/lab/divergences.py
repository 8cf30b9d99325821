"""Which Gaussian each f-divergence chooses for two modes: f-GAN, arXiv:1606.00709, section 3.

The generator is m + s z, so that the best m and s of each divergence can be found on a grid of x,
without any training. Beside them stand those that f-GAN finds from samples alone: a critic of two
hidden layers of 64 tanh units, as in the paper. The mixture is ours, and such that who begins at
N(0, 1) and follows the divergence itself comes to the best, not into another valley (but for
Neyman's, which is infinite there), and not over a plateau: with 0.7 of the one mode reverse KL
stands still near N(-0.25, 1.1^2) for some six thousand steps before it goes to that mode.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from liangyi.lab.experiment import Check, Outcome, Work, experiment
from liangyi.lab.fitting import Drawn, points, trained
from liangyi.lab.table import Summary, markdown
from liangyi.losses.divergence import DIVERGENCES, Name, value
from liangyi.nets.mlp import mlp
from liangyi.zoo.adversarial.f_gan import FGAN, FGANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODES = ((0.8, -1.0, 0.5), (0.2, 1.5, 0.5))  # weight, mean and standard deviation
STEPS, BATCH, RATE = 4000, 512, 2e-3
_HALF, _FINE = 15.0, 6001  # the grid reaches so far both ways, in so many points


class Fit(FGAN):
    """f-GAN whose generator is a Gaussian."""

    def networks(self) -> None:
        """Build m + s z, at first N(0, 1), and the paper's critic."""
        self.generator = nn.Linear(1, 1)
        nn.init.ones_(self.generator.weight), nn.init.zeros_(self.generator.bias)
        self.critic = mlp((1, 64, 64, 1), nn.Tanh())


def mixture(normal: Tensor, share: Tensor) -> Tensor:
    """Return points of the mixture."""
    (weight, mean, deviation), (_, other, wide) = MODES
    first = share[:, None] < weight
    return torch.where(first, mean + deviation * normal, other + wide * normal)


def grid() -> tuple[Tensor, Tensor, float]:
    """Return x, the mixture's log density there, and the distance between neighbours."""
    x = torch.linspace(-_HALF, _HALF, _FINE, dtype=torch.float64, device="cpu")
    parts = [math.log(w) + gaussian(x, m, s) for w, m, s in MODES]
    return x, torch.logsumexp(torch.stack(parts), 0), float(x[1] - x[0])


def gaussian(x: Tensor, mean: float, deviation: float) -> Tensor:
    """Return log densities."""
    return -(((x - mean) / deviation) ** 2) / 2 - math.log(deviation * math.sqrt(2 * math.pi))


def divergence(name: Name, mean: float, deviation: float) -> float:
    """Return the divergence of the mixture from a Gaussian, by a sum over the grid."""
    x, log_p, step = grid()
    log_q = gaussian(x, mean, deviation).clamp(min=-600)
    ratio = (log_p - log_q).clamp(-600, 600).exp()
    found = log_q.exp() * DIVERGENCES[name].generator(ratio)
    return float(found.sum()) * step


def best(name: Name) -> tuple[float, float, float]:
    """Return the least divergence and its mean and deviation; of several valleys, the deepest."""
    from scipy.optimize import minimize

    def depth(place: Any) -> float:
        reached = divergence(name, float(place[0]), math.exp(float(place[1])))
        return reached if math.isfinite(reached) else 1e300

    starts = [(mean, math.log(width)) for mean in (-1.5, 0.0, 1.5) for width in (0.6, 1.6)]
    found = [minimize(depth, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
             for start in starts]  # fmt: skip
    least = min(found, key=lambda one: float(one.fun))
    return float(least.fun), float(least.x[0]), math.exp(float(least.x[1]))


def fitted(name: Name, seed: int, steps: int) -> tuple[float, float, float]:
    """Return f-GAN's bound on the divergence at its end, and its mean and deviation."""
    config = FGANConfig(divergence=name, latent=1, learning_rate=RATE)
    model = trained(Fit, config, Drawn(mixture, 1, BATCH, seed), steps, seed)
    with torch.no_grad():
        real = model.critic(points(mixture, 100_000, 1, seed, "test"))
        noise = points(lambda normal, _: normal, 100_000, 1, seed, "test noise")
        bound = value(DIVERGENCES[name], real, model.critic(model.generate(noise)))
        mean, deviation = model.generator.bias.item(), abs(model.generator.weight.item())
    return float(bound), mean, deviation


@experiment("Which Gaussian does each f-divergence choose for two modes, and what does f-GAN find?")
def run(work: Work) -> Outcome:
    """Fit by the grid and by training."""
    rows: list[list[str]] = []
    plain: list[dict[str, Any]] = []
    for name in DIVERGENCES:
        least, mean, deviation = work.kept(f"{name} on the grid", partial(best, name))
        steps = work.steps(STEPS, 10)
        found = work.each(name, partial(fitted, name, steps=steps))
        bound, means, deviations = (Summary(tuple(column)) for column in zip(*found, strict=True))
        rows.append([f"`{name}`", f"{least:.3f}", str(bound), f"{mean:.2f}", str(means),
                     f"{deviation:.2f}", str(deviations)])  # fmt: skip
        plain.append({"divergence": name, "least": least, "mean": mean, "deviation": deviation,
                      "bound": bound.json(), "means": means.json(),
                      "deviations": deviations.json()})  # fmt: skip
    head = ("divergence", "least", "bound of f-GAN", "mean", "of f-GAN", "deviation", "of f-GAN")
    tables = (markdown(head, rows), crossed(plain))
    return Outcome(tables, plain, _seen(plain), _checks(plain), _figure(plain))


def crossed(plain: list[dict[str, Any]]) -> str:
    """Return the table of each divergence's best Gaussian, judged by all others."""
    cross = []
    for one in plain:
        judged = [divergence(n, one["mean"], one["deviation"]) for n in DIVERGENCES]
        cross.append([f"`{one['divergence']}`", *(f"{v:.3f}" if v < 1e4 else "-" for v in judged)])
    other = ("best by \\ judged by", *(f"`{name}`" for name in DIVERGENCES))
    return markdown(other, cross)


def _checks(plain: list[dict[str, Any]]) -> list[Check]:
    """Return maximum likelihood, whose mean and deviation are the mixture's own."""
    mean = sum(w * m for w, m, _ in MODES)
    variance = sum(w * (s**2 + m**2) for w, m, s in MODES) - mean**2
    kl = next(one for one in plain if one["divergence"] == "kl")
    return [
        Check("mean that KL chooses", kl["mean"], mean, 1e-3),
        Check("deviation that KL chooses", kl["deviation"], math.sqrt(variance), 1e-3),
    ]


def _seen(plain: list[dict[str, Any]]) -> str:
    """Tell those that cover from those that seek, by the deviation: a mode's, or the mixture's."""
    limit = 2 * MODES[0][2]
    seek = [one["divergence"] for one in plain if one["deviation"] < limit]
    cover = [one["divergence"] for one in plain if one["deviation"] >= limit]
    off = max(plain, key=lambda one: abs(one["means"]["mean"] - one["mean"]))
    return (
        f"{', '.join(cover)} cover both modes and {', '.join(seek)} seek one; f-GAN's mean is at "
        f"most {abs(off['means']['mean'] - off['mean']):.2f} from the best one "
        f"({off['divergence']})."
    )


def _figure(plain: list[dict[str, Any]]) -> Figure:
    """Draw the mixture and the Gaussian that each divergence calls the best."""
    from liangyi.lab.figure import panels

    x, log_p, _ = grid()
    near = x.abs() < 5
    figure, (axes,) = panels(1, 1, 8, 3)
    axes.fill_between(x[near], log_p[near].exp(), color="0.85", label="the mixture")
    for one in plain:
        curve = gaussian(x[near], one["mean"], one["deviation"]).exp()
        dashes = "--" if one["divergence"] == "gan" else "-"  # it lies on Jensen-Shannon's
        axes.plot(x[near], curve, dashes, label=one["divergence"])
    axes.set(xlabel="x", ylabel="density")
    axes.legend(frameon=False)
    return figure
