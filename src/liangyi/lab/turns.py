"""Whose turn it is: one each, several for one, or the discriminator only once it is fooled.

The notes let the generator learn until the discriminator can no longer tell, then the discriminator
until it can, and so on. Here every step is one turn on one batch, so that all rules have as many:

    1 : 1, 5 : 1, 1 : 5   turns of the discriminator and of the generator
    gated                 the discriminator's where it is right of less than 3/4 of the batch
    until fooled          the notes': the generator's until it is right of less than 55 %, then the
                          discriminator's until it is right of 85 %
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from liangyi.core.batch import detached
from liangyi.core.model import Turn, Update
from liangyi.lab.experiment import Outcome, Work, experiment, percent, said
from liangyi.lab.fitting import Drawn, covered, drawn, followed, points, ring
from liangyi.lab.frames import Frames
from liangyi.lab.table import Summary, markdown
from liangyi.losses import adversarial
from liangyi.metrics.transport import wasserstein
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN, GANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, BATCH, LOOKS = 3000, 128, 20
COUNT = 250  # points that are matched
CONFIG = GANConfig(latent=4, generator_widths=(64, 64), discriminator_widths=(64, 64),
                   learning_rate=1e-3)  # fmt: skip
Rule = Callable[[int, float, bool], bool]  # step, accuracy, was it the discriminator's: is it now?
RULES: dict[str, Rule] = {
    "1 : 1": lambda step, right, was: step % 2 == 0,
    "5 : 1": lambda step, right, was: step % 6 < 5,
    "1 : 5": lambda step, right, was: step % 6 < 1,
    "gated": lambda step, right, was: right < 0.75,
    "until fooled": lambda step, right, was: right < (0.85 if was else 0.55),
}
KEYS = ("step", "share", "distance", "modes", "high quality")


class OneTurn(GAN):
    """A GAN of which each step is one player's turn."""

    rule: Rule = RULES["1 : 1"]

    def networks(self) -> None:
        """Build the networks of `gan`, and remember whose turn it was."""
        super().networks()
        for name in ("learns", "turns"):
            self.register_buffer(name, torch.zeros((), device="cpu"))

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """One turn, of whom the rule says."""
        fake = self.generated(len(batch[0]))
        real, false = self.judgement(batch), self.judgement(detached(fake))
        right = float(((real > 0).float().mean() + (false <= 0).float().mean()) / 2)
        learns = type(self).rule(step, right, bool(self.learns))
        self.learns.fill_(float(learns))
        self.turns += self.learns
        if learns:
            loss = adversarial.discriminator(real, false)
            yield Update(self.discriminator, loss, discriminator=loss)
        else:
            loss = adversarial.nonsaturating(self.judgement(fake))
            yield Update(self.generator, loss, generator=loss)


def played(name: str, work: Work, steps: int, seed: int) -> dict[str, list[float]]:
    """Play on the ring by one rule and return what is seen at each look."""
    kind = type(name, (OneTurn,), {"rule": staticmethod(RULES[name])})
    stream = Drawn(ring, 2, BATCH, seed)
    model = build(kind, CONFIG, stream.spec, seed)
    real = points(ring, COUNT, 2, seed, "test")
    frames = Frames(real)
    found: dict[str, list[float]] = {key: [] for key in KEYS}
    for step, trainer in followed(model, stream, steps, seed, LOOKS):
        frames.look(step, trainer.model)
        fake = drawn(trainer.model, 1000)
        share = float(trainer.model.turns) / max(step, 1)
        seen = (step, share, wasserstein(real, fake[:COUNT]), *covered(fake).values())
        for key, value in zip(KEYS, seen, strict=True):
            found[key].append(value)
    if seed == 0:
        frames.save(work.frames(name))
    return found


def floor(seed: int) -> float:
    """Return the distance of the ring's points from as many others of its own."""
    one, other = (points(ring, COUNT, 2, seed, "test", number) for number in (0, 1))
    return wasserstein(one, other)


@experiment("How often should the discriminator learn: always, or only once it is fooled?")
def run(work: Work) -> Outcome:
    """Play the ring by each rule, with as many turns in all."""
    steps = work.steps(STEPS, 8)
    looks = {name: work.each(name, partial(played, name, work, steps)) for name in RULES}
    rows: list[dict[str, Any]] = [{"rule": name, "runs": runs} for name, runs in looks.items()]
    cells = [[row["rule"], *(str(_end(row, key)) for key in KEYS[1:])] for row in rows]
    least = Summary(tuple(floor(seed) for seed in work.seeds))
    cells.append(["the law itself", "", str(least), "8.00", ""])
    head = ("rule", "turns of the discriminator", "Wasserstein distance", "modes of 8",
            "high quality")  # fmt: skip
    return Outcome((markdown(head, cells),), rows, _seen(rows), figure=_figure(work, looks))


def _end(row: dict[str, Any], key: str) -> Summary:
    """Return a figure over the last fifth of each training: one look may be an accident."""
    last = [run[key][-LOOKS // 5 :] for run in row["runs"]]
    return Summary(tuple(sum(values) / len(values) for values in last))


def _seen(rows: list[dict[str, Any]]) -> str:
    order = sorted(rows, key=lambda row: _end(row, "distance").mean)
    gated = next(row for row in rows if row["rule"] == "until fooled")
    place = order.index(gated) + 1
    return (
        f"With as many turns in all, `{order[0]['rule']}` comes nearest to the data "
        f"({said(_end(order[0], 'distance').mean)}) and `{order[-1]['rule']}` stays furthest "
        f"({said(_end(order[-1], 'distance').mean)}); the notes' rule, the discriminator's turn in "
        f"{percent(_end(gated, 'share').mean)} of the steps, is number {place} of {len(order)} "
        f"({said(_end(gated, 'distance').mean)})."
    )


def _figure(work: Work, looks: dict[str, Any]) -> Figure:
    from liangyi.lab.figure import band, games, panels

    figure, places = panels(2, 5, 2.5, 2.5)
    left = games(places, looks, work.frames)
    for axes, key in zip(left, KEYS[1:], strict=False):
        for name, runs in looks.items():
            band(axes, runs[0]["step"], [run[key] for run in runs], name)
        axes.set(xlabel="turns of both", title=key)
    left[1].set_yscale("log")
    left[4].legend(*left[0].get_legend_handles_labels(), frameon=False, loc="center")
    left[4].set_axis_off()
    return figure
