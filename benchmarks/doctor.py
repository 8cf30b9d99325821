"""The doctor examined: trainings with planted diseases, and healthy ones.

    python -m benchmarks doctor OUT [--seeds 0 1 2] [--only WORD]

Every training is a run in OUT, made once; the verdicts are computed anew each time. Prints a table:
how many of the planted diseases are found, and how many healthy trainings draw a false alarm; and,
beside it, what was said of each training.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

import liangyi
from liangyi.core import draw
from liangyi.core.batch import Images, Labelled, detached
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.data import Dataset, choose
from liangyi.doctor.diagnosis import diagnose
from liangyi.lab.table import markdown
from liangyi.losses import adversarial
from liangyi.nets.mlp import Shaped, mlp
from liangyi.runs.run import Run
from liangyi.training.trainer import TrainingFailed
from liangyi.zoo.adversarial.gan import GAN, GANConfig
from liangyi.zoo.conditional.acgan import ACGAN

# the planted mistakes, each one that people make


@register("planted-greedy")
class Greedy(GAN):
    """The generator takes ten turns for each of the discriminator's: it finds one answer."""

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        fake = self.generated(len(batch[0]))
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(detached(fake)))
        yield Update(self.discriminator, loss, discriminator=loss)
        for _ in range(10):
            loss = adversarial.nonsaturating(self.judgement(self.generated(len(batch[0]))))
            yield Update(self.generator, loss, generator=loss)


@register("planted-deaf-generator")
class Deaf(GAN):
    """The generator hardly moves, so the discriminator becomes perfect."""

    def schedule(self, player: str, step: int) -> float:
        return 1e-4 if player == "generator" else 1.0


@register("planted-saturating")
class Saturating(GAN):
    """The minimax loss itself, and a discriminator that learns ten times as fast."""

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        fake = self.generated(len(batch[0]))
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(detached(fake)))
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = adversarial.saturating(self.judgement(fake))
        yield Update(self.generator, loss, generator=loss)

    def schedule(self, player: str, step: int) -> float:
        return 0.1 if player == "generator" else 1.0


@register("planted-blind-discriminator")
class Blind(GAN):
    """The discriminator hardly moves: whatever it says, the generator has learned to please it."""

    def schedule(self, player: str, step: int) -> float:
        return 1e-4 if player == "discriminator" else 1.0


@register("planted-sigmoid")
class Sigmoid(GAN):
    """The output is a sigmoid's, the pictures are in (-1, 1)."""

    def networks(self) -> None:
        super().networks()
        widths = (self.config.latent, *self.config.generator_widths, self.spec.size)
        self.generator = Shaped(mlp(widths, nn.ReLU(), nn.Sigmoid()), self.spec.shape)


@register("planted-deaf-to-labels")
class DeafToLabels(ACGAN):
    """The label is forgotten on the way to the generator, and nobody asks for it."""

    def generate(self, noise: Tensor, label: Tensor) -> Tensor:
        return super().generate(noise, torch.zeros_like(label))

    def updates(self, batch: Labelled, step: int) -> Iterator[Update]:
        turns = super().updates(batch, step)
        yield next(turns)
        asked = draw.integers(len(self.spec.classes), len(batch.image), device=self.device)
        source, _ = self.discriminator(self.generate(self.noise(len(asked)), asked))
        loss = adversarial.nonsaturating(source)
        yield Update(self.generator, loss, generator=loss)


@register("planted-parrot")
class Parrot(Model):
    """A table that learns the training items by heart."""

    Config = GANConfig

    def networks(self) -> None:
        self.table = nn.Parameter(torch.randn(self.config.latent, *self.spec.shape) * 0.1)

    def updates(self, batch: Images, step: int) -> Iterator[Update]:
        nearest = torch.cdist(batch.image.flatten(1), self.table.flatten(1)).argmin(1)
        # early on every entry is pulled to some item, so that none stays behind
        own = draw.uniform(len(self.table)).argsort()[: len(nearest)]
        chosen = own if step < 200 else nearest
        loss = (self.table[chosen] - batch.image).square().flatten(1).sum(1).mean()
        yield Update(self.table, loss, loss=loss)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(weights, lr=40.0)

    def generated(self, count: int, given: Any = None) -> Any:
        chosen = draw.integers(len(self.table), count)
        drawn = self.table[chosen] + 0.02 * draw.normal(count, *self.spec.shape)
        return self.Batch(drawn.clamp(-1, 1))

    @verb
    def sample(self, count: int) -> Tensor:
        return self.generated(count)[0]


@register("planted-orbit")
class Orbit(GAN):
    """The Dirac-GAN, arXiv:1801.04406, section 2: its players turn around each other for ever."""

    def networks(self) -> None:
        (width,) = self.spec.shape
        self.generator = nn.Linear(self.config.latent, width)
        self.discriminator = nn.Linear(width, 1, bias=False)
        nn.init.eye_(self.generator.weight).requires_grad_(False).mul_(2.0)
        nn.init.constant_(self.generator.bias, 4.0)

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        fake = self.generated(len(batch[0]))
        loss = self.judgement(detached(fake)).mean() - self.judgement(batch).mean()
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = -self.judgement(fake).mean()
        yield Update(self.generator, loss, generator=loss)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(weights, lr=self.config.learning_rate)


# what is trained: expected verdict, model, data, settings

SMALL_GAN: dict[str, Any] = {"generator_widths": (128, 128), "discriminator_widths": (128, 128)}
TOY: dict[str, Any] = {**SMALL_GAN, "latent": 2, "learning_rate": 1e-3, "steps": 3000}
DIGITS: dict[str, Any] = {"steps": 3000, "batch_size": 64}
SHORT: dict[str, Any] = {"steps": 1500, "batch_size": 64}
FEW = "FEW"  # forty digits in a folder

Case = tuple[str, str, dict[str, Any]]
DISEASES: dict[str, list[Case]] = {
    "mode collapse": [
        ("planted-greedy", "ring", TOY),
        ("planted-greedy", "grid", TOY),
        ("planted-greedy", "digits", {**DIGITS, **SMALL_GAN, "learning_rate": 1e-3}),
    ],
    "discriminator won": [
        ("planted-deaf-generator", "ring", TOY),
        ("planted-deaf-generator", "digits", {**DIGITS, **SMALL_GAN}),
        ("planted-saturating", "digits", {**DIGITS, **SMALL_GAN, "learning_rate": 1e-3}),
    ],
    "generator won": [
        ("planted-blind-discriminator", "ring", TOY),
        ("planted-blind-discriminator", "grid", TOY),
        ("planted-blind-discriminator", "digits", {**DIGITS, **SMALL_GAN}),
    ],
    "discriminator overfits": [
        ("gan", FEW, {"steps": 3000, "batch_size": 20}),
        ("dcgan", FEW, {"steps": 1500, "batch_size": 20, "width": 32}),
        ("dcgan", FEW, {"steps": 1500, "batch_size": 20, "width": 64}),
    ],
    "oscillation": [
        # averages over many turns would lie still in the middle
        ("planted-orbit", "ring", {**TOY, "learning_rate": 0.05, "average": 0.98}),
        ("planted-orbit", "grid", {**TOY, "learning_rate": 0.05, "average": 0.98}),
        ("planted-orbit", "ring", {**TOY, "learning_rate": 0.1, "average": 0.96}),
    ],
    "diverging": [
        ("wgan-gp", "ring", {"learning_rate": 3.0, "steps": 1000, "latent": 2, "width": 8}),
        ("vae", "digits", {**SHORT, "learning_rate": 30.0}),
        ("mnist-mlp", "digits", {**SHORT, "learning_rate": 3000.0}),
    ],
    "memorised": [
        ("planted-parrot", "digits", {"latent": 1500, "steps": 3000, "batch_size": 100}),
        ("planted-parrot", "digits", {"latent": 1000, "steps": 3000, "batch_size": 100}),
        ("planted-parrot", "digits", {"latent": 2000, "steps": 3000, "batch_size": 100}),
    ],
    "label ignored": [
        ("planted-deaf-to-labels", "digits", {**SHORT, "size": 20, "width": 8, "depth": 48}),
        ("planted-deaf-to-labels", "digits", {**SHORT, "size": 24, "width": 8, "depth": 32}),
        ("planted-deaf-to-labels", "digits", {**SHORT, "size": 20, "width": 4, "depth": 32}),
    ],
    "posterior collapse": [
        ("vae", "digits", {**SHORT, "beta": 30.0}),
        ("vae", "digits", {**SHORT, "beta": 100.0, "latent": 4}),
        ("vae", "digits", {**SHORT, "beta": 50.0, "latent": 50}),
    ],
    "range mismatch": [
        ("planted-sigmoid", "digits", {**DIGITS, **SMALL_GAN}),
        ("planted-sigmoid", "digits", {**SHORT}),
        ("planted-sigmoid", "digits", {**SHORT, **SMALL_GAN, "size": 16}),
    ],
    "penalty too weak": [
        ("wgan-gp", "ring", {"penalty": 0.0, "steps": 1500, "latent": 2, "width": 8}),
        ("wgan-gp", "grid", {"penalty": 1e-5, "steps": 1500, "latent": 2, "width": 8}),
        ("wgan-gp", "digits", {"penalty": 1e-4, "steps": 1000, "width": 16}),
    ],
    "penalty too strong": [
        ("r3gan", "ring", {"penalty": 1e3, "steps": 1500, "latent": 2, "learning_rate": 1e-3}),
        ("r3gan", "grid", {"penalty": 1e3, "steps": 1500, "latent": 2, "learning_rate": 1e-3}),
        ("r3gan", "digits", {"penalty": 1e3, "steps": 1000, "width": 16}),
    ],
}
HEALTHY: list[Case] = [
    ("gan", "digits", {"steps": 3000, "batch_size": 64}),
    ("gan", "ring", {**TOY, "steps": 4000}),
    ("r3gan", "parabola", {"steps": 2000, "latent": 2, "learning_rate": 1e-3, "width": 32}),
    ("dcgan", "digits", {"steps": 2000, "batch_size": 64, "width": 32}),
    ("dcgan-mnist", "mnist", {"steps": 1500, "batch_size": 64, "depth": 64, "width": 16}),
    ("wgan-gp", "digits", {"steps": 1500, "width": 16}),
    ("wgan-gp", "grid", {"steps": 2500, "latent": 2, "width": 16, "penalty": 0.1,
                         "learning_rate": 1e-3, "batch_size": 256}),
    ("r3gan", "digits", {"steps": 2000, "width": 32, "batch_size": 64}),
    ("r3gan", "ring", {"steps": 3000, "latent": 2, "learning_rate": 1e-3, "betas": (0.0, 0.999),
                       "batch_size": 256}),
    ("acgan", "digits", {"steps": 1500, "batch_size": 64, "size": 20, "width": 8, "depth": 48}),
    ("autoencoder", "digits", {"steps": 2000}),
    ("vae", "digits", {"steps": 3000, "batch_size": 64}),
    ("mnist-mlp", "digits", {"steps": 2000, "batch_size": 64}),
    ("mnist-cnn", "digits", {"steps": 600, "batch_size": 64}),
    ("seqgan", "oracle", {"vocabulary": 30, "length": 8, "steps": 2000, "likelihood_steps": 1000,
                          "pretrain_steps": 200, "discriminator_steps": 2, "rollouts": 4,
                          "windows": (1, 2, 3), "filters": (32, 32, 32),
                          "discriminator_rate": 1e-3}),
]  # fmt: skip


def trained(case: Case, seed: int, path: Path, few: Path) -> Run:
    """Return the run of a case, trained now if it is not there."""
    model, data, settings = case
    if (path / "done").exists():
        return Run(path)
    usual = {"device": "cpu", "examine_every": 100, "sample_every": 100_000, "log_every": 100,
             "checkpoint_every": 10_000}  # fmt: skip
    if path.exists():
        run = Run(path)
    else:
        wanted = usual | settings | {"seed": seed}
        run = liangyi.create_run(model, few if data == FEW else data, path, **wanted)
    with contextlib.suppress(TrainingFailed):
        for _ in liangyi.Session(run):
            pass
    (path / "done").touch()
    return run


def few_digits(folder: Path) -> Path:
    """Write forty digits to train on, and two hundred others that are held out."""
    digits = choose("digits").split()
    assert isinstance(digits, Dataset)
    for split, part in (("train", slice(0, 40)), ("test", slice(40, 240))):
        (folder / split).mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(digits.columns["image"][part]):
            Image.fromarray(image[0].numpy()).save(folder / split / f"{number:03}.png")
    return folder


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks doctor", description=__doc__)
    words.add_argument("out", type=Path)
    words.add_argument("--seeds", type=int, nargs="+", default=[0])
    words.add_argument("--only", default="")
    args = words.parse_args(arguments)
    few = few_digits(args.out / "few")
    right: dict[str, list[bool]] = {}  # of each expected verdict, one a training
    rows: list[tuple[str, Case]] = [("healthy", case) for case in HEALTHY]
    rows += [(name, case) for name, cases in DISEASES.items() for case in cases]
    for place, (expected, case) in enumerate(rows):
        if args.only not in f"{expected} {case[0]} {case[1]}":
            continue
        for seed in args.seeds:
            path = args.out / f"{place:02}-{expected.replace(' ', '-')}-{case[0]}-{seed}"
            try:
                verdicts = diagnose(trained(case, seed, path, few))
            except UserError as error:
                print(f"?? {path.name}: {error}", file=sys.stderr)
                continue
            names = [verdict.name for verdict in verdicts]
            well = all(verdict.healthy for verdict in verdicts)
            good = well if expected == "healthy" else expected in names
            right.setdefault(expected, []).append(good)
            print(f"{'ok' if good else '!!'} {expected:22} {case[0]:28} {path.name[:2]} "
                  f"{case[1]:8} seed {seed}: " + "; ".join(names), file=sys.stderr)  # fmt: skip
    print(table(right))


def table(right: dict[str, list[bool]]) -> str:
    """Return the Markdown of what was found, and of the alarms that were false."""
    healthy = right.pop("healthy", [])
    every = [good for found in right.values() for good in found]
    rows = [[name, f"{sum(found)} of {len(found)}"] for name, found in right.items()]
    rows.append(["**all planted diseases**", f"**{sum(every)} of {len(every)}**"])
    alarms = f"**{len(healthy) - sum(healthy)} of {len(healthy)}**"
    return markdown(["planted disease", "found"], rows) + (
        f"\n\nHealthy trainings with a false alarm: {alarms}."
    )
