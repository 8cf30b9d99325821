"""The smallest games, and the rules of descent that reach their equilibrium or circle around it.

Two games of one number against one:

- bilinear, min_x max_y x y, whose factor per step is known in closed form for each linear rule
  (momentum, optimistic: arXiv:1711.00141; extragradient: arXiv:1802.10551; consensus:
  arXiv:1705.10461);
- the Dirac-GAN, min_theta max_psi f(psi theta) + f(0) with f(t) = -log(1 + exp(-t)), of Mescheder
  et al., arXiv:1801.04406, definition 2.1, and what their penalties and tricks make of it.

Plain descent in float64, without a model: this is about mathematics.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from liangyi.lab.descent import (
    BEGIN,
    RATE,
    RATES,
    RULES,
    WEIGHT,
    Flow,
    alternating,
    path,
    simultaneous,
)
from liangyi.lab.experiment import Check, Outcome, Work, experiment, said
from liangyi.lab.frames import save
from liangyi.lab.table import markdown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = 1000
SHARE = 0.3  # weight of R1 and of WGAN-GP's penalty


def bilinear(place: Tensor) -> Tensor:
    """Return where x, which lowers x y, and y, which raises it, want to go."""
    x, y = place
    return torch.stack([-y, x])


def dirac(place: Tensor, penalty: Callable[[Tensor], Tensor] | None = None) -> Tensor:
    """Return where theta, which lowers f(psi theta), and psi, which raises it, want to go.

    Args:
        place: theta, psi.
        penalty: what psi pays besides, whose gradient is taken.
    """
    theta, psi = place
    slope = torch.sigmoid(-psi * theta)  # f'
    paid = torch.func.grad(penalty)(psi) if penalty else 0.0
    return torch.stack([-psi * slope, theta * slope - paid])


def noisy(place: Tensor, deviation: float = 1.0) -> Tensor:
    """Return the flow of the Dirac-GAN whose data and samples have noise of N(0, 1) added."""
    theta, psi = place
    nodes, weights = hermite()
    real, fake = deviation * nodes, theta + deviation * nodes
    # of E f(psi fake) + E f(-psi real): psi raises it, theta lowers it
    slope, other = torch.sigmoid(-psi * fake), torch.sigmoid(psi * real)
    return torch.stack(
        [-(weights * slope).sum() * psi, (weights * (slope * fake - other * real)).sum()]
    )


def hermite(count: int = 40) -> tuple[Tensor, Tensor]:
    """Return nodes and weights whose sum is the mean over N(0, 1)."""
    from numpy.polynomial.hermite_e import hermegauss

    nodes, weights = (torch.from_numpy(part) for part in hermegauss(count))
    return nodes, weights / weights.sum()


PENALTIES: dict[str, Flow] = {  # of the Dirac-GAN, by the alternating rule that GANs use
    "nothing": dirac,
    "R1": lambda place: dirac(place, lambda psi: SHARE * psi**2 / 2),
    "noise on both": noisy,
    "WGAN-GP's": lambda place: dirac(place, lambda psi: SHARE * (psi.abs() - 1) ** 2 / 2),
}


def factors() -> dict[str, float]:
    """Return by how much the distance to the equilibrium of x y grows in one step, by closed form.

    Of a linear rule: the largest root of its characteristic polynomial, of which z = x + i y is
    multiplied. `alternating` keeps a quadratic form, so its distance stays within bounds.
    """
    i, rate = 1j * RATE, RATE
    return {
        "simultaneous": math.sqrt(1 + rate**2),
        "alternating": 1.0,
        "momentum 0.5": _largest(1.5 + i, 0.5),
        "momentum -0.5": _largest(0.5 + i, -0.5),
        "two rates, 1 : 4": math.sqrt(1 + rate / 2 * 2 * rate),
        "optimistic": math.sqrt((1 + math.sqrt(1 - 4 * rate**2)) / 2),
        "extragradient": math.sqrt(1 - rate**2 + rate**4),
        "consensus": math.sqrt((1 - rate * WEIGHT) ** 2 + rate**2),
    }


def _largest(one: complex, two: complex) -> float:
    """Return the size of the larger root of z^2 - one z + two."""
    root = cmath.sqrt(one**2 - 4 * two)
    return max(abs(one + root), abs(one - root)) / 2


def growth(places: Tensor, name: str = "") -> float:
    """Return the factor per step of the distance, over the second half of a path.

    Where the players have rates of their own the path is an ellipse, and distances are scaled.
    """
    distance = (
        (places / torch.tensor(RATES.get(name, (1, 1)), device="cpu").sqrt()).norm(dim=1).log()
    )
    half = len(places) // 2
    return math.exp(float(distance[-1] - distance[-1 - half]) / half)


@experiment("Which rules of descent reach the equilibrium of the smallest games, and which circle?")
def run(work: Work) -> Outcome:
    """Follow every rule through both games."""
    steps = work.steps(STEPS, STEPS)  # which takes no time
    games: dict[str, dict[str, Tensor]] = {
        "bilinear": {name: path(rule, bilinear, steps) for name, rule in RULES.items()},
        "dirac": {name: path(rule, dirac, steps) for name, rule in RULES.items()},
        "dirac with": {name: path(alternating, flow, steps) for name, flow in PENALTIES.items()},
    }
    known, rows = factors(), []
    for name in RULES:
        one, other = games["bilinear"][name], games["dirac"][name]
        rows.append(
            {
                "rule": name,
                "factor": growth(one, name),
                "closed form": known.get(name),
                "distance": float(one[-1].norm()),
                "distance, Dirac": float(other[-1].norm()),
            }
        )
    for name, places in games["dirac with"].items():
        rows.append({"Dirac-GAN with": name, "distance": float(places[-1].norm())})
    for game, paths in games.items():
        for name, places in paths.items():
            flow = (
                PENALTIES[name] if game == "dirac with" else {"bilinear": bilinear}.get(game, dirac)
            )
            _keep(work, f"{game} {name}", places, flow)
    return Outcome(_tables(rows, steps), rows, _seen(rows), _checks(games), _figure(games))


def _keep(work: Work, name: str, places: Tensor, flow: Flow) -> None:
    side = torch.linspace(-2, 2, 21, dtype=torch.float64, device="cpu")
    y, x = torch.meshgrid(side, side, indexing="ij")
    field = torch.func.vmap(flow)(torch.stack([x.flatten(), y.flatten()], 1)).view(21, 21, 2)
    step = torch.linspace(0, len(places) - 1, len(places), device="cpu").long()
    save(work.frames(name), step=step, point=places, x=side, y=side, flow=field)


def _tables(rows: list[dict[str, Any]], steps: int) -> list[str]:
    start = math.hypot(*BEGIN)
    end = f"distance after {steps:,} steps"
    rules = [[row["rule"], f"{row['factor']:.5f}",
              f"{row['closed form']:.5f}" if row["closed form"] else "", _far(row["distance"]),
              _far(row["distance, Dirac"])] for row in rows if "rule" in row]  # fmt: skip
    head = (f"rule, from a distance of {start:.2f}", "factor per step on x y", "closed form", end,
            "the same on the Dirac-GAN")  # fmt: skip
    penalties = [[row["Dirac-GAN with"], _far(row["distance"])]
                 for row in rows if "Dirac-GAN with" in row]  # fmt: skip
    return [markdown(head, rules), markdown(("Dirac-GAN, alternating, with", end), penalties)]


def _far(distance: float) -> str:
    return f"{distance:.2g}" if distance < 0.01 or distance >= 1000 else said(distance)


def _seen(rows: list[dict[str, Any]]) -> str:
    start = math.hypot(*BEGIN)
    rules = [row for row in rows if "rule" in row]
    near = [f"`{row['rule']}`" for row in rules if row["distance"] < start / 2]
    far = [f"`{row['rule']}`" for row in rules if row["distance"] > 2 * start]
    round_ = [name for name in (f"`{row['rule']}`" for row in rules) if name not in near + far]
    cured = [row["Dirac-GAN with"] for row in rows
             if "Dirac-GAN with" in row and row["distance"] < start / 2]  # fmt: skip
    return (
        f"On x y {', '.join(near) or 'nobody'} come to rest, {', '.join(round_) or 'nobody'} go "
        f"round, {', '.join(far) or 'nobody'} are thrown out; the Dirac-GAN comes to rest with "
        f"{' and with '.join(cured) or 'nothing that was tried'}."
    )


def _checks(games: dict[str, dict[str, Tensor]]) -> list[Check]:
    """Compare factors with closed forms, and what stays with what is conserved."""
    checks = []
    for name, wanted in factors().items():
        if name != "alternating":
            found = growth(games["bilinear"][name], name)
            checks.append(Check(f"factor of `{name}` on x y", found, wanted, 1e-4))
    x, y = games["bilinear"]["alternating"].unbind(1)
    kept = x**2 + y**2 - RATE * x * y  # by x' = x - rate y, y' = y + rate x'
    spread = float((kept.max() - kept.min()) / kept.mean())
    checks.append(Check("spread of what `alternating` conserves", spread, 0.0, 1e-9))
    # at the equilibrium f' = 1/2: |1 + rate lambda|^2 of lambda^2 + w lambda + 1/4, both at once
    places = path(simultaneous, PENALTIES["R1"], len(games["bilinear"]["optimistic"]) - 1)
    wanted = math.sqrt(1 - RATE * SHARE + RATE**2 / 4)
    checks.append(Check("factor of R1, at once, near the end", growth(places), wanted, 1e-3))
    return checks


def _figure(games: dict[str, dict[str, Tensor]]) -> Figure:
    from matplotlib import colormaps

    from liangyi.lab.figure import panels

    shown = [(f"x y: {name}", places) for name, places in games["bilinear"].items()]
    shown += [(f"Dirac-GAN: {name}", places) for name, places in games["dirac with"].items()]
    figure, places = panels(3, 6, 2.2, 2.3)
    hues = [colormaps["tab20"](number) for number in range(len(shown))]
    for (name, way), axes, hue in zip(shown, places, hues, strict=False):
        axes.plot(*way[:400].T, lw=0.8, color=hue)
        axes.plot(*way[0], ".", color="0.3")
        axes.plot(0, 0, "+", color="tab:red")
        axes.set(xlim=(-2, 2), ylim=(-2, 2), xticks=[], yticks=[], aspect="equal")
        axes.set_title(name, fontsize=9)
    for way, hue in zip(games["bilinear"].values(), hues, strict=False):
        places[-1].semilogy(way.norm(dim=1), lw=0.8, color=hue)  # as in its own panel
    places[-1].set(ylim=(1e-3, 1e3), xlabel="steps")
    places[-1].set_title("x y: all, distance", fontsize=9)
    return figure
