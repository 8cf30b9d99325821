"""Two optimisers or one: what becomes of a discriminator that is not frozen in the other's turn.

The notes' first DCGAN puts generator and discriminator into one "adversarial model" with one
optimiser and trains it, too, until fakes are called real: each second turn teaches the
discriminator the opposite of the first. On a ring of eight modes:

    two players       the generator's turn moves the generator alone
    unfrozen          it moves both, as in that code
    one, sum of both  one optimiser lowers both losses at once, by the weights of both
    one loss          one optimiser lowers the discriminator's loss by the weights of both

On a fake with D = s(l) the summed losses have the slope D - (1 - D): they want 1/2, not 0. So the
best discriminator of the sum is (p + q) / (p + 2 q), between 1/2 and 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from liangyi.core.batch import detached
from liangyi.core.model import Model, Turn, Update
from liangyi.lab.experiment import Check, Outcome, Work, experiment, percent, said
from liangyi.lab.fitting import Drawn, against, covered, drawn, followed, points, ring, trained
from liangyi.lab.frames import Frames
from liangyi.lab.table import Summary, markdown
from liangyi.losses import adversarial
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN, GANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, BATCH, LOOKS = 2000, 128, 20
CONFIG = GANConfig(latent=4, generator_widths=(64, 64), discriminator_widths=(64, 64),
                   learning_rate=1e-3)  # fmt: skip
KEYS = ("step", "D real", "D fake", "modes", "high quality")


class Unfrozen(GAN):
    """The generator's turn moves the discriminator, too."""

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Algorithm 1, but for whose weights the second loss moves."""
        fake = self.generated(len(batch[0]))
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(detached(fake)))
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = adversarial.nonsaturating(self.judgement(fake))
        yield Update((self.discriminator, self.generator), loss, generator=loss)


class Summed(GAN):
    """One optimiser lowers both losses."""

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """One turn of everybody."""
        fake = self.generated(len(batch[0]))
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(detached(fake)))
        loss = loss + adversarial.nonsaturating(self.judgement(fake))
        yield Update(self, loss, both=loss)


class OneLoss(GAN):
    """One optimiser lowers the discriminator's loss."""

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """One turn of everybody: the generator helps to be found out."""
        fake = self.generated(len(batch[0]))
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(fake))
        yield Update(self, loss, both=loss)


KINDS: dict[str, type[GAN]] = {
    "two players": GAN, "unfrozen": Unfrozen, "one, sum of both": Summed, "one loss": OneLoss,
}  # fmt: skip


def played(name: str, work: Work, steps: int, seed: int) -> dict[str, list[float]]:
    """Play on the ring and return what is seen at each look."""
    stream = Drawn(ring, 2, BATCH, seed)
    model = build(KINDS[name], CONFIG, stream.spec, seed)
    real = points(ring, 1000, 2, seed, "test")
    frames = Frames(real)
    found: dict[str, list[float]] = {key: [] for key in KEYS}
    for step, trainer in followed(model, stream, steps, seed, LOOKS):
        frames.look(step, trainer.model)
        fake = drawn(trainer.model, 1000)
        seen = (
            step,
            _says(trainer.model, real),
            _says(trainer.model, fake),
            *covered(fake).values(),
        )
        for key, value in zip(KEYS, seen, strict=True):
            found[key].append(value)
    if seed == 0:
        frames.save(work.frames(name))
    return found


def _says(model: Model, items: Tensor) -> float:
    """Return the mean of D."""
    with torch.no_grad():
        return float(model.judgement(model.Batch(items)).sigmoid().mean())


def summed(steps: int, seed: int) -> dict[str, float]:
    """Train D by the summed losses between N(0, 1) and N(1, 1); return what it is off by."""
    config = GANConfig(latent=1, discriminator_widths=(64, 64), slope=0.0, learning_rate=2e-3)
    model = trained(against(Summed, lambda z, u: z + 1), config,
                    Drawn(lambda z, u: z, 1, 2 * BATCH, seed), steps, seed)  # fmt: skip
    x = torch.linspace(-2, 3, 101, device="cpu")[:, None]
    p, q = (torch.exp(-((x - mean) ** 2) / 2) for mean in (0, 1))
    with torch.no_grad():
        found = model.judgement(model.Batch(x)).sigmoid()
    return {"summed": float((found - (p + q) / (p + 2 * q)).abs().mean()),
            "usual": float((found - p / (p + q)).abs().mean())}  # fmt: skip


@experiment("What happens to a discriminator that is not frozen in the generator's turn?")
def run(work: Work) -> Outcome:
    """Play the ring in four ways, and train a discriminator on the sum."""
    steps = work.steps(STEPS, 5)
    looks = {name: work.each(name, partial(played, name, work, steps)) for name in KINDS}
    rows: list[dict[str, Any]] = [{"players": name, "runs": runs} for name, runs in looks.items()]
    cells = [[row["players"], *(str(_last(row, key)) for key in KEYS[1:])] for row in rows]
    head = ("players", "D of real", "D of fakes", "modes of 8", "high quality")
    off = work.each("a discriminator of the sum", partial(summed, work.steps(STEPS // 2, 5)))
    return Outcome((markdown(head, cells),), [*rows, {"sum": off}], _seen(rows),
                   _checks(off, work.quick), _figure(work, looks))  # fmt: skip


def _last(row: dict[str, Any], key: str) -> Summary:
    """Return a figure over the last fifth of each training: one look may be an accident."""
    return Summary(tuple(sum(run[key][-LOOKS // 5 :]) / len(run[key][-LOOKS // 5 :])
                         for run in row["runs"]))  # fmt: skip


def _seen(rows: list[dict[str, Any]]) -> str:
    best = max(rows, key=lambda row: _last(row, "high quality").mean)
    told = "; ".join(f"`{row['players']}` {said(_last(row, 'D fake').mean)} and "
                     f"{percent(_last(row, 'high quality').mean)}" for row in rows)  # fmt: skip
    return (
        f"What D says of fakes at the end, and how many of these are good: {told}; the best are "
        f"those of `{best['players']}`."
    )


def _checks(off: list[dict[str, float]], quick: bool) -> list[Check]:
    """Compare the slope on a fake, and the trained D, with what the sum wants."""
    logit = torch.tensor([0.7], dtype=torch.float64, device="cpu").requires_grad_()
    loss = adversarial.discriminator(torch.zeros_like(logit), logit) + adversarial.nonsaturating(
        logit
    )
    (slope,) = torch.autograd.grad(loss, logit)
    sure = float(logit.detach().sigmoid())
    checks = [Check("slope of the sum on a fake: 2 D - 1", float(slope), 2 * sure - 1, 1e-6)]
    mean = sum(one["summed"] for one in off) / len(off)
    trained_ = Check("D off (p + q) / (p + 2 q), trained", mean, 0.0, 0.03)
    return checks if quick else [*checks, trained_]


def _figure(work: Work, looks: dict[str, Any]) -> Figure:
    from liangyi.lab.figure import band, games, panels

    figure, places = panels(2, 4, 2.8, 2.7)
    left = games(places, looks, work.frames)
    for axes, key in zip(left, KEYS[1:], strict=True):
        for name, runs in looks.items():
            band(axes, runs[0]["step"], [run[key] for run in runs], name)
        axes.set(xlabel="steps", title=key)
    left[2].legend(frameon=False, fontsize=7)
    return figure
