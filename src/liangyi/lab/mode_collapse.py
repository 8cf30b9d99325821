"""A generator that gives up modes: provoked, told by the doctor, and what cures it.

A GAN on the ring whose generator learns ten times as fast as its discriminator (the rates of Metz
et al., arXiv:1611.02163) finds a mode that is not seen through yet, and runs to the next one. On
the same networks, rates and batches:

    packed               two points are judged together (arXiv:1712.04086); as many pairs as the
                         others have points, which is twice the batch
    R1 + R2              slopes at real and generated points are penalised, with that paper's weight
                         (arXiv:1801.04406), and with a hundredth of it
    minibatch            the discriminator sees how alike a batch is (arXiv:1606.03498)
    unrolled             the generator looks five steps of the discriminator ahead (its cure there)

Departure: unrolled steps are plain gradient descent, at a rate of their own, not Adam's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from liangyi.core.batch import Points, detached
from liangyi.core.model import Turn, Update
from liangyi.doctor.facts import Facts
from liangyi.doctor.rules import verdicts
from liangyi.doctor.signals import LOOK, Reference, signals
from liangyi.lab.experiment import Outcome, Work, experiment, percent, said
from liangyi.lab.fitting import Drawn, covered, drawn, followed, points, ring
from liangyi.lab.frames import Frames
from liangyi.lab.penalised import Penalised
from liangyi.lab.table import Summary, markdown
from liangyi.losses import adversarial
from liangyi.nets.minibatch import MinibatchDiscrimination
from liangyi.nets.mlp import Flat, mlp
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN, GANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, BATCH, LOOKS = 5000, 128, 25
WIDTHS = (128, 128)
UNROLLED, AHEAD = 5, 0.1  # steps that are looked ahead, and their rate
KEYS = ("step", "modes", "high quality")


class Collapsing(GAN):
    """A GAN whose generator is ten times as fast."""

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam with a rate of each player's own."""
        rate = self.config.learning_rate / (1 if player == "generator" else 10)
        return torch.optim.Adam(weights, lr=rate, betas=self.config.betas)


class R1R2(Collapsing, Penalised):
    """With R1 and R2, and the weight of arXiv:1801.04406."""

    weight = 10.0


class WeakR1R2(R1R2):
    """With R1 and R2 that are hardly there."""

    weight = 0.1


class Minibatch(Collapsing):
    """With minibatch discrimination before the last layer."""

    def discriminator_of(self, shape: tuple[int, ...]) -> nn.Module:
        """Return the discriminator of `gan` that sees the batch as well."""
        widths = self.config.discriminator_widths
        below = mlp((shape[0], *widths), nn.LeakyReLU(0.2), nn.LeakyReLU(0.2))
        last = nn.Linear(widths[-1] + 16, 1)
        return Flat(nn.Sequential(below, MinibatchDiscrimination(widths[-1], 16, 5), last))


class Unrolled(Collapsing):
    """Whose generator looks ahead."""

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Algorithm 1, whose generator faces the discriminator of some steps later."""
        fake = self.generated(len(batch[0]))
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(detached(fake)))
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = adversarial.nonsaturating(self.ahead(batch[0], fake[0]))
        yield Update(self.generator, loss, generator=loss)

    def ahead(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return what the discriminator will say of the fakes, followed back through its steps."""
        weights = {name: w.detach().requires_grad_()
                   for name, w in self.discriminator.named_parameters()}  # fmt: skip

        def says(items: Tensor) -> Tensor:
            said_of: Tensor = torch.func.functional_call(self.discriminator, weights, (items,))
            return said_of

        for _ in range(UNROLLED):
            loss = adversarial.discriminator(says(real), says(fake))
            slopes = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
            moved = zip(weights.items(), slopes, strict=True)
            weights = {name: weight - AHEAD * slope for (name, weight), slope in moved}
        return says(fake)


KINDS: dict[str, tuple[type[GAN], int]] = {  # and how many points it judges together
    "provoked": (Collapsing, 1),
    "packed": (Collapsing, 2),
    "R1 + R2": (R1R2, 1),
    "R1 + R2, weak": (WeakR1R2, 1),
    "minibatch": (Minibatch, 1),
    "unrolled": (Unrolled, 1),
}


def played(name: str, work: Work, steps: int, seed: int) -> dict[str, Any]:
    """Play on the ring; return modes and quality at each look, and the doctor's verdicts."""
    kind, pack = KINDS[name]
    config = GANConfig(latent=8, generator_widths=WIDTHS, discriminator_widths=WIDTHS, pack=pack,
                       learning_rate=1e-3)  # fmt: skip
    stream = Drawn(ring, 2, BATCH * pack, seed)  # as many packs as the others have points
    model = build(kind, config, stream.spec, seed)
    real = points(ring, LOOK, 2, seed, "test")
    frames = Frames(real)
    found: dict[str, Any] = {key: [] for key in KEYS}
    log: list[dict[str, float]] = []
    for step, trainer in followed(model, stream, steps, seed, LOOKS):
        frames.look(step, trainer.model)
        seen = (step, *covered(drawn(trainer.model, 1000)).values())
        for key, value in zip(KEYS, seen, strict=True):
            found[key].append(value)
        reference = Reference(Points(real), None, None)
        log.append({"step": step, **signals(trainer.model, trainer.model, reference)})
    if seed == 0:
        frames.save(work.frames(name))
    return found | {"verdicts": told(log[1:], steps)}


def told(log: list[dict[str, float]], steps: int) -> list[str]:
    """Return what the doctor calls it."""
    facts = Facts(continuous=True, creates=True, adversary="logits", model="gan",
                  made=steps, total=steps)  # fmt: skip
    return [verdict.name for verdict in verdicts(log, facts)]


@experiment("What makes a generator give up modes, does the doctor see it, and what cures it?")
def run(work: Work) -> Outcome:
    """Provoke a collapse, and try the cures."""
    steps = work.steps(STEPS, 5)
    looks = {name: work.each(name, partial(played, name, work, steps)) for name in KINDS}
    rows: list[dict[str, Any]] = [{"game": name, "runs": runs} for name, runs in looks.items()]
    cells = [[row["game"], str(_late(row, "modes")), str(_late(row, "high quality")),
              f"{_least(row):.0f}", _verdicts(row)] for row in rows]  # fmt: skip
    head = ("game", "modes of 8, last fifth", "high quality", "fewest there", "the doctor says")
    return Outcome((markdown(head, cells),), rows, _seen(rows), figure=_figure(work, looks))


def _late(row: dict[str, Any], key: str) -> Summary:
    """Return a figure over the last fifth of each training: a collapse comes and goes."""
    last = [run[key][-LOOKS // 5 :] for run in row["runs"]]
    return Summary(tuple(sum(values) / len(values) for values in last))


def _least(row: dict[str, Any]) -> float:
    return float(min(value for run in row["runs"] for value in run["modes"][-LOOKS // 5 :]))


def _verdicts(row: dict[str, Any]) -> str:
    every = [name for run in row["runs"] for name in run["verdicts"]]
    return ", ".join(f"{name} ({every.count(name)})" for name in dict.fromkeys(every))


def _seen(rows: list[dict[str, Any]]) -> str:
    provoked, *cures = rows
    ill = sum("mode collapse" in run["verdicts"] for run in provoked["runs"])
    order = sorted(cures, key=lambda row: -_late(row, "modes").mean)
    kept = ", ".join(
        f"{row['game']} {said(_late(row, 'modes').mean)} "
        f"({percent(_late(row, 'high quality').mean)} good)"
        for row in order
    )
    return (
        f"Provoked, {said(_late(provoked, 'modes').mean)} of 8 modes are left "
        f"({percent(_late(provoked, 'high quality').mean)} of the points are good), and the doctor "
        f"tells it in {ill} of {len(provoked['runs'])} trainings; with the cures: {kept}."
    )


def _figure(work: Work, looks: dict[str, Any]) -> Figure:
    from liangyi.lab.figure import band, games, panels

    figure, places = panels(2, len(looks), 2.5, 2.5)
    left = games(places, looks, work.frames)
    for axes, (name, runs) in zip(left, looks.items(), strict=True):
        for key, share in (("modes", 8), ("high quality", 1)):
            band(axes, runs[0]["step"], [[v / share for v in run[key]] for run in runs], key)
        axes.set(ylim=(0, 1.05), xlabel="steps", title=name)
    left[0].legend(left[0].lines, ["modes of 8", "high quality"], frameon=False, fontsize=8)
    return figure
