"""The generator's turn with flipped labels: another loss than the minimax game's, not a trick.

Goodfellow et al., arXiv:1406.2661, section 3. Of a generated point with the logit l and D = s(l):

    minimax          log(1 - D)    slope by l: -D          nothing where D is sure of a fake
    non-saturating   -log D        slope by l: -(1 - D)    all where D is sure

Cross-entropy with the label "real" is the second. Both want the same direction for each point, and
weigh the points otherwise. The game: points of the plane that begin far from the data, whose
discriminator has already learned to tell. The generator moves by plain gradient descent, as in the
paper, or by Adam, which divides by the size of the slope and so hides that it vanishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from liangyi.core.model import Model, Turn
from liangyi.lab.experiment import Check, Outcome, Work, experiment, said
from liangyi.lab.fitting import Drawn, drawn, followed, points
from liangyi.lab.frames import Frames
from liangyi.lab.table import Summary, markdown
from liangyi.losses import adversarial
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN, GANConfig
from liangyi.zoo.adversarial.gan_minimax import GANMinimax

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, BATCH, LOOKS = 1500, 128, 30
ALONE = 0.2  # share of the steps in which the discriminator learns alone
AWAY = 2.0  # where the generator begins
DESCENT = 0.01  # rate of gradient descent
RULES = ("descent", "Adam")  # by which the generator moves
SURE = (0.001, 0.01, 0.1, 0.5, 0.9)
CONFIG = GANConfig(latent=2, discriminator_widths=(32, 32), learning_rate=2e-3)
LOSSES = {"minimax": adversarial.saturating, "non-saturating": adversarial.nonsaturating}
KINDS: dict[str, type[GAN]] = {"minimax": GANMinimax, "non-saturating": GAN}


def target(normal: Tensor, share: Tensor) -> Tensor:
    """Return points of N(0, 0.25^2) of the plane."""
    return 0.25 * normal


def late(kind: type[GAN], rule: str, alone: int) -> Any:
    """Return a GAN whose generator, a linear map that begins far away, waits for so many steps."""

    class Late(kind):  # type: ignore[misc, valid-type]
        def networks(self) -> None:
            super().networks()
            self.generator = nn.Linear(2, 2)
            with torch.no_grad():
                self.generator.weight.copy_(0.25 * torch.eye(2, device="cpu"))
                self.generator.bias.copy_(torch.tensor([AWAY, 0.0], device="cpu"))

        def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
            if player == "generator" and rule == "descent":
                return torch.optim.SGD(weights, lr=DESCENT)
            return super().optimizer(player, weights)

        def updates(self, batch: Any, step: int) -> Iterator[Turn]:
            turns = super().updates(batch, step)
            yield next(turns)
            if step >= alone:
                yield from turns

    return Late


def slopes(sure: float) -> dict[str, float]:
    """Return the slope of each loss by the logit of a point with D = `sure`, by autograd."""
    found = {}
    for name, loss in LOSSES.items():
        logit = torch.tensor([sure], dtype=torch.float64, device="cpu").logit().requires_grad_()
        (slope,) = torch.autograd.grad(loss(logit.double()), logit)
        found[name] = float(slope)
    return found


def far(name: str, rule: str, work: Work, steps: int, seed: int) -> dict[str, list[float]]:
    """Play the game with one loss; return distance, D of fakes and the generator's slope."""
    stream = Drawn(target, 2, BATCH, seed)
    model = build(late(KINDS[name], rule, int(ALONE * steps)), CONFIG, stream.spec, seed)
    frames = Frames(points(target, 250, 2, 0, "test"), 3.0, LOSSES[name])
    found: dict[str, list[float]] = {key: [] for key in ("step", "distance", "D", "slope")}
    for step, trainer in followed(model, stream, steps, seed, LOOKS):
        frames.look(step, trainer.model)
        fake = drawn(trainer.model, 250)
        seen = (step, float(fake.mean(0).norm()), _says(trainer.model, fake),
                float(frames.slope(trainer.model, fake).norm(dim=1).sum()))  # fmt: skip
        for key, value in zip(found, seen, strict=True):
            found[key].append(value)
    if seed == 0:
        frames.save(work.frames(f"{name}, {rule}"))
    return found


def _says(model: Model, fake: Tensor) -> float:
    """Return the mean of D."""
    with torch.no_grad():
        return float(model.judgement(model.Batch(fake)).sigmoid().mean())


@experiment("Why is the generator trained on flipped labels, and is that only a trick?")
def run(work: Work) -> Outcome:
    """Set slopes side by side, then let both losses begin where D is sure."""
    steps = work.steps(STEPS, 10)
    looks = {f"{name}, {rule}": work.each(f"{name}, {rule}", partial(far, name, rule, work, steps))
             for rule in RULES for name in LOSSES}  # fmt: skip
    asked = [[f"{sure:g}", *(f"{slopes(sure)[name]:.4f}" for name in LOSSES)] for sure in SURE]
    head = ("D of a generated point", *(f"slope of {name} by its logit" for name in LOSSES))
    one = markdown(head, asked)
    begin = next(place for place, step in enumerate(looks["minimax, descent"][0]["step"])
                 if step >= int(ALONE * steps))  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"loss": name, "runs": runs, "begin": begin} for name, runs in looks.items()
    ]
    half = (begin + len(rows[0]["runs"][0]["step"]) - 1) // 2
    cells = [[row["loss"], *(str(_at(row, key, place)) for key, place in (
        ("D", begin), ("slope", begin), ("distance", begin), ("distance", half),
        ("distance", -1)))] for row in rows]  # fmt: skip
    moved = steps - int(ALONE * steps)
    head = ("loss, rule", "D of fakes, when it begins", "slope by a point", "distance",
            f"after {moved // 2:,} steps", f"after {moved:,}")  # fmt: skip
    return Outcome((one, markdown(head, cells)), rows, _seen(rows), _checks(), _figure(looks))


def _at(row: dict[str, Any], key: str, place: int) -> Summary:
    return Summary(tuple(run[key][place] for run in row["runs"]))


def _seen(rows: list[dict[str, Any]]) -> str:
    game, flipped, *_ = rows
    ratio = _at(flipped, "slope", game["begin"]).mean / _at(game, "slope", game["begin"]).mean
    ends = ", ".join(f"{said(_at(row, 'distance', -1).mean)} ({row['loss']})" for row in rows)
    return (
        f"Flipped labels are the non-saturating loss: where D is sure its slope is {ratio:.3g} "
        f"times that of the minimax game; the points, which began {AWAY:g} from the data, end at "
        f"{ends}."
    )


def _checks() -> list[Check]:
    """Compare slopes with the closed forms, and the flipped label with the loss."""
    checks = []
    for sure in (0.01, 0.9):
        found = slopes(sure)
        checks.append(Check(f"slope of minimax at D = {sure:g}: -D", found["minimax"], -sure, 1e-6))
        checks.append(Check(f"slope of non-saturating at D = {sure:g}: D - 1",
                            found["non-saturating"], sure - 1, 1e-6))  # fmt: skip
    logits = points(target, 100, 1, 0, "logits") * 8
    flipped = binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    wanted = adversarial.nonsaturating(logits)
    checks.append(Check("cross-entropy with flipped labels", float(flipped), float(wanted), 1e-6))
    return checks


def _figure(looks: dict[str, Any]) -> Figure:
    from liangyi.lab.figure import band, panels

    figure, (left, middle, right) = panels(1, 3, 3.6, 3.0)
    sure = torch.linspace(0.001, 0.999, 200, device="cpu")
    left.plot(sure, sure, label="minimax: D")
    left.plot(sure, 1 - sure, label="non-saturating: 1 - D")
    left.set(xlabel="D of a generated point", title="size of the slope by its logit")
    for name, runs in looks.items():
        steps = runs[0]["step"]
        band(middle, steps, [run["slope"] for run in runs], name)
        band(right, steps, [run["distance"] for run in runs], name)
    middle.set(yscale="log", xlabel="steps", title="slope by the generated points")
    right.set(xlabel="steps", title="distance from the data")
    for axes in (left, right):
        axes.legend(frameon=False, fontsize=8)
    return figure
