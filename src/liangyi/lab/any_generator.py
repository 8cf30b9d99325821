"""A generator that is no network: whatever can be followed back can learn from a discriminator.

The notes ask whether another algorithm that makes data could take the network's place. Four play
the same game, by the same loss, against the same discriminator:

    network     two hidden layers
    mixture     eight Gaussians whose means and deviations learn
    table       250 points that learn, of which one is drawn
    procedure   an algorithm that paints a round spot, whose five numbers learn: the mean and the
                deviation of its place, and its radius

The first three draw points of a ring of eight modes; the last draws pictures, and since the data is
made by the same algorithm, what it should find is known.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from liangyi.core import latent
from liangyi.lab.experiment import Check, Outcome, Work, experiment, said
from liangyi.lab.fitting import MODES, Drawn, covered, drawn, followed, points, ring
from liangyi.lab.frames import Frames
from liangyi.lab.table import Summary, markdown
from liangyi.metrics.transport import wasserstein
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN, GANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, BATCH, LOOKS = 2000, 128, 20
SIDE, ROWS = 12, 250  # pixels of a picture's side; rows of the table
TRUTH = {"x": 1.5, "y": -1.0, "deviation": 1.0, "radius": 1.5}  # of the spots, in pixels
FIRST = {"x": -1.0, "y": 1.0, "deviation": 0.5, "radius": 3.0}


class Mixture(nn.Module):
    """Noise [N 3] -> points [N 2] of eight Gaussians; which one the first number says."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.randn(MODES, 2, device="cpu") / 2)
        self.log_deviation = nn.Parameter(torch.full((MODES,), math.log(0.3), device="cpu"))

    def forward(self, noise: Tensor) -> Tensor:
        """Draw points."""
        which = _row(noise[:, 0], MODES)
        return self.mean[which] + self.log_deviation[which, None].exp() * noise[:, 1:]


class Table(nn.Module):
    """Noise [N 3] -> rows [N 2] of a table; which one the first number says."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.randn(ROWS, 2, device="cpu") / 2)

    def forward(self, noise: Tensor) -> Tensor:
        """Draw rows."""
        return self.rows[_row(noise[:, 0], ROWS)]


class Spots(nn.Module):
    """Noise [N 3] -> pictures [N SIDE^2] of a round spot, in -1 ... 1."""

    def __init__(self, numbers: dict[str, float]) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.tensor([numbers["x"], numbers["y"]], device="cpu"))
        logs = [math.log(numbers[name]) for name in ("deviation", "radius")]
        self.logs = nn.Parameter(torch.tensor(logs, device="cpu"))

    def forward(self, noise: Tensor) -> Tensor:
        """Paint spots, each at a place of its own."""
        deviation, radius = self.logs.exp()
        centre = self.place + deviation * noise[:, :2]
        side = torch.linspace(-(SIDE - 1) / 2, (SIDE - 1) / 2, SIDE, device=noise.device)
        away = (side - centre[:, :, None]).square()  # [N 2 SIDE]
        painted = torch.exp(-(away[:, 1, :, None] + away[:, 0, None, :]) / (2 * radius**2))
        return (2 * painted - 1).flatten(1)

    def numbers(self) -> dict[str, float]:
        """Return what it has learned."""
        deviation, radius = self.logs.exp().tolist()
        x, y = self.place.tolist()
        return {"x": x, "y": y, "deviation": deviation, "radius": radius}


def _row(normal: Tensor, count: int) -> Tensor:
    """Return evenly drawn numbers of rows, of N(0, 1)."""
    return (torch.special.ndtr(normal) * count).long().clamp(max=count - 1)


class AnyGAN(GAN):
    """A GAN whose noise is normal, and whose generator may be something else."""

    noise = latent.normal

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Let a generator of few numbers take larger steps: each is a coordinate, not a weight."""
        few = player == "generator" and not hasattr(self.generator, "network")
        rate = self.config.learning_rate * (5 if few else 1)
        return torch.optim.Adam(weights, lr=rate, betas=self.config.betas)


class OfMixture(AnyGAN):
    """Whose generator is a mixture."""

    def networks(self) -> None:
        """Put the mixture in the network's place."""
        super().networks()
        self.generator = Mixture()


class OfTable(AnyGAN):
    """Whose generator is a table."""

    def networks(self) -> None:
        """Put the table in the network's place."""
        super().networks()
        self.generator = Table()


class OfSpots(AnyGAN):
    """Whose generator paints spots."""

    def networks(self) -> None:
        """Put the algorithm in the network's place."""
        super().networks()
        self.generator = Spots(FIRST)


KINDS: dict[str, type[AnyGAN]] = {"network": AnyGAN, "mixture": OfMixture, "table": OfTable}
CONFIG = GANConfig(latent=3, generator_widths=(64, 64), discriminator_widths=(64, 64),
                   learning_rate=1e-3)  # fmt: skip


def played(name: str, work: Work, steps: int, seed: int) -> dict[str, Any]:
    """Play on the ring and return what is seen at each look."""
    stream = Drawn(ring, 2, BATCH, seed)
    model = build(KINDS[name], CONFIG, stream.spec, seed)
    real = points(ring, ROWS, 2, seed, "test")
    frames = Frames(real)
    found: dict[str, Any] = {key: [] for key in ("step", "distance", "modes", "high quality")}
    for step, trainer in followed(model, stream, steps, seed, LOOKS):
        frames.look(step, trainer.model)
        fake = drawn(trainer.model, 1000)
        seen = (step, wasserstein(real, fake[:ROWS]), *covered(fake).values())
        for key, value in zip(found, seen, strict=True):
            found[key].append(value)
    if seed == 0:
        frames.save(work.frames(name))
    return found | {"numbers": sum(w.numel() for w in model.generator.parameters())}


def painted(steps: int, seed: int) -> dict[str, list[float]]:
    """Let the procedure play, and return its numbers at each look."""
    truth = Spots(TRUTH)
    stream = Drawn(lambda z, u: truth(z).detach(), SIDE**2, BATCH, seed)
    model = build(OfSpots, CONFIG, stream.spec, seed)
    found: dict[str, list[float]] = {key: [] for key in ("step", *TRUTH)}
    for step, trainer in followed(model, stream, steps, seed, LOOKS):
        for key, value in {"step": step, **trainer.model.generator.numbers()}.items():
            found[key].append(value)
    return found


@experiment("Can something that is no network be the generator?")
def run(work: Work) -> Outcome:
    """Let four generators play the same game."""
    steps = work.steps(STEPS, 5)
    looks = {name: work.each(name, partial(played, name, work, steps)) for name in KINDS}
    spots = work.each("procedure", partial(painted, steps))
    rows: list[dict[str, Any]] = [{"generator": n, "runs": runs} for n, runs in looks.items()]
    cells = [[row["generator"], f"{row['runs'][0]['numbers']:,}", str(_look(row, "distance", 0)),
              *(str(_look(row, key)) for key in ("distance", "modes", "high quality"))]
             for row in rows]  # fmt: skip
    head = ("generator of points", "numbers that learn", "Wasserstein distance, first", "at last",
            "modes of 8", "high quality")  # fmt: skip
    one = markdown(head, cells)
    own = {"generator": "procedure", "runs": spots}
    numbers = [[name, f"{FIRST[name]:g}", str(_look(own, name)), f"{TRUTH[name]:g}"]
               for name in TRUTH]  # fmt: skip
    two = markdown(("number of the procedure, pixels", "first", "at the end", "truth"), numbers)
    return Outcome((one, two), [*rows, own], _seen(rows, own), _checks(own, work.quick),
                   _figure(work, looks, spots))  # fmt: skip


def _look(row: dict[str, Any], key: str, place: int | None = None) -> Summary:
    """Return a figure at one look; without a place the mean of the last quarter."""
    part = slice(-LOOKS // 4, None) if place is None else slice(place, place + 1)
    return Summary(tuple(sum(run[key][part]) / len(run[key][part]) for run in row["runs"]))


def _seen(rows: list[dict[str, Any]], own: dict[str, Any]) -> str:
    ends = [(row["generator"], _look(row, "distance", 0).mean, _look(row, "distance").mean)
            for row in rows]  # fmt: skip
    told = ", ".join(f"{name} from {said(first)} to {said(last)}" for name, first, last in ends)
    nearer = sum(last < first for _, first, last in ends)
    off = max(abs(_look(own, name).mean - TRUTH[name]) for name in TRUTH)
    return (
        f"The distance from the ring falls for {nearer} of {len(ends)} generators of points "
        f"({told}), and the procedure ends within {said(off)} of a pixel of the numbers that made "
        "the data."
    )


def _checks(own: dict[str, Any], quick: bool) -> list[Check]:
    return [] if quick else [Check(f"{name} that the procedure finds", _look(own, name).mean,
                                   TRUTH[name], 0.15) for name in TRUTH]  # fmt: skip


def _figure(work: Work, looks: dict[str, Any], spots: list[dict[str, Any]]) -> Figure:
    from liangyi.lab.figure import band, games, panels

    figure, places = panels(1, 5, 2.8, 2.8)
    left = games(places, looks, work.frames)
    distance, numbers = left
    for name, runs in looks.items():
        band(distance, runs[0]["step"], [run["distance"] for run in runs], name)
    distance.set(yscale="log", xlabel="steps", title="Wasserstein distance")
    for name in TRUTH:
        band(numbers, spots[0]["step"], [run[name] for run in spots], name)
        numbers.axhline(TRUTH[name], color="0.7", lw=0.8, ls="--")
    numbers.set(xlabel="steps", title="numbers of the procedure")
    for axes in left:
        axes.legend(frameon=False, fontsize=7)
    return figure
