"""The same training as a plain loop, as a class and as a compiled graph: equal, at what cost?

The notes build a GAN as a static graph and run it, then write it anew as a class, for style; and
define two Keras models over the same layers, which then share weights. What was a choice of
TensorFlow 1 is a choice of form today, and a form must not change what is learned. The GAN of the
notes (100 uniform noises, one hidden layer of 128 each) is trained three times from the same
weights, batches and noise:

    plain loop        two networks, two optimisers, some thirty lines; no class, no trainer
    class             `gan`, which yields its updates to the trainer
    compiled graph    the same class; its step is written down once, compiled, and run

Then an autoencoder and its encoder, as two models with the same weights.
"""

from __future__ import annotations

import copy
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from liangyi.core import draw
from liangyi.core.config import Training
from liangyi.core.counts import many
from liangyi.core.model import Model
from liangyi.data import Batches
from liangyi.lab.classified import learned, pictures
from liangyi.lab.drawing import BATCH, QUICK, WHOLE
from liangyi.lab.experiment import Check, Outcome, Work, experiment, said
from liangyi.lab.table import Summary, markdown
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.adversarial.gan import GAN, GANConfig
from liangyi.zoo.codes.autoencoder import Autoencoder, AutoencoderConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, EARLY = 2000, 20
ROUNDING = 1e-4  # of the largest weight: no more than this is rounding, early
CONFIG = GANConfig(latent=100, generator_widths=(128,), discriminator_widths=(128,), slope=0.01,
                   learning_rate=1e-3, betas=(0.9, 0.999))  # fmt: skip
Way = Callable[[Model, Batches, int, int], Iterator[None]]  # a step at each turn


def plain(model: Model, stream: Batches, steps: int, seed: int) -> Iterator[None]:
    """Train as a script does, with the networks alone; what is drawn is what the class draws."""
    generator, discriminator, config = model.generator, model.discriminator, model.config
    movers = [
        torch.optim.Adam(n.parameters(), lr=config.learning_rate, betas=config.betas, fused=True)
        for n in (discriminator, generator)
    ]
    for step in range(steps):
        real = stream.batch(step)[0]
        with draw.step(seed, step, real.device):
            noise = 2 * draw.uniform(len(real), config.latent, device=real.device) - 1
        fake = generator(noise)

        said_of, of_fake = discriminator(real), discriminator(fake.detach())
        loss = cross_entropy(said_of, torch.ones_like(said_of))
        loss = loss + cross_entropy(of_fake, torch.zeros_like(of_fake))
        movers[0].zero_grad()
        loss.backward()
        movers[0].step()

        said_of = discriminator(fake)
        loss = cross_entropy(said_of, torch.ones_like(said_of))
        movers[1].zero_grad()
        loss.backward()
        movers[1].step()
        yield


def classed(
    compiled: Literal["on", "off"], model: Model, stream: Batches, steps: int, seed: int
) -> Iterator[None]:
    """Train by the class and the trainer."""
    training = Training(steps=steps, batch_size=BATCH, seed=seed, device="cpu", average=0.0,
                        precision="float32", examine_every=0, compile=compiled)  # fmt: skip
    for _ in Trainer(model, stream, training).run():
        yield


WAYS: dict[str, Way] = {
    "plain loop": plain,
    "class": partial(classed, "off"),
    "compiled graph": partial(classed, "on"),
}


def compared(ways: dict[str, Way], data: str, steps: int, seed: int) -> dict[str, Any]:
    """Train in each way; return the cost of a step, and how far the weights are off the first's."""
    train = pictures(data, "train")
    found: dict[str, Any] = {}
    first: list[Tensor] = []
    for name, way in ways.items():
        model = build(GAN, CONFIG, train.spec, seed)
        stream = Batches(train, model.Batch, BATCH, seed, "cpu", model.image_range)
        looks, times, began = [], list[float](), time.perf_counter()
        for step, _ in enumerate(way(model, stream, steps, seed), 1):
            times.append(time.perf_counter() - began)
            if step in (min(EARLY, steps), steps):
                looks.append(nn.utils.parameters_to_vector(model.parameters()).detach())
            began = time.perf_counter()
        first = first or looks
        apart = [_apart(looks[place], first[place]) for place in (0, -1)]
        # the first step makes the optimisers' states, the second one compiles
        found[name] = {"early": apart[0], "end": apart[1], "begin": sum(times[:2]),
                       "step": statistics.median(times[2:] or times)}  # fmt: skip
    return found


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max() / other.abs().max())


def shared(data: str, steps: int, seed: int) -> dict[str, float]:
    """Train an autoencoder; return what became of its encoder, taken as a model of its own."""
    train = pictures(data, "train")
    whole = build(Autoencoder, AutoencoderConfig(), train.spec, seed)
    encoder, kept = whole.encoder, copy.deepcopy(whole.encoder)
    learned(whole, train, steps, seed)
    kept.to(whole.device)
    image = pictures(data, "test").some(100, whole.Batch, whole.device).image
    with torch.no_grad():
        once = whole.decode(encoder(image))
        moved = float((encoder(image) - kept(image)).norm() / kept(image).norm())
    named = {"whole": whole, "encoder": encoder, "decoder": whole.decoder}
    counts = {
        name: float(sum(w.numel() for w in part.parameters())) for name, part in named.items()
    }
    return counts | {"apart": float((whole.reconstruct(image) - once).abs().max()), "moved": moved}


@experiment("Do a plain loop, a class and a compiled graph learn the same, and what do they cost?")
def run(work: Work) -> Outcome:
    """Train in each form, and look at two models of the same weights."""
    steps, data = work.steps(STEPS, EARLY + 2), QUICK if work.quick else WHOLE
    # the third form wants a compiler, and longer than is quick
    compiles = shutil.which("g++") is not None and not work.quick
    ways = {name: way for name, way in WAYS.items() if compiles or name != "compiled graph"}
    runs = work.each("forms", partial(compared, ways, data, steps))
    parts = work.each("shared weights", partial(shared, data, steps))
    rows: list[dict[str, Any]] = [{"form": name, "runs": [run[name] for run in runs]}
                                  for name in runs[0]]  # fmt: skip
    early = min(EARLY, steps)
    head = ("form", "ms a step, median", "s, first two steps",
            f"weights off the loop's, after {many(early, 'step')}", f"after {steps:,}")  # fmt: skip
    cells = [[row["form"], str(_sum(row, "step", 1000)), str(_sum(row, "begin")),
              *(f"{_worst(row, key):.1e}" for key in ("early", "end"))]
             for row in rows]  # fmt: skip
    one = parts[0]
    counted = [[name, f"{one[name]:,.0f}"] for name in ("whole", "encoder", "decoder")]
    tables = (markdown(head, cells), markdown(("autoencoder", "weights"), counted))
    plain_ = [*rows, {"shared": parts}]
    return Outcome(tables, plain_, _seen(rows, parts), _checks(rows, parts), _figure(rows))


def _sum(row: dict[str, Any], key: str, scale: float = 1.0) -> Summary:
    return Summary(tuple(scale * run[key] for run in row["runs"]))


def _worst(row: dict[str, Any], key: str) -> float:
    return float(max(run[key] for run in row["runs"]))


def _seen(rows: list[dict[str, Any]], parts: list[dict[str, float]]) -> str:
    base = _sum(rows[0], "step").mean
    times = ", ".join(f"{said(_sum(row, 'step').mean / base)} ({row['form']})" for row in rows[1:])
    pays = ""
    if rows[-1]["form"] == "compiled graph":
        wait = _sum(rows[-1], "begin").mean - _sum(rows[1], "begin").mean
        gain = _sum(rows[1], "step").mean - _sum(rows[-1], "step").mean
        after = f"from step {wait / gain:,.0f} on" if gain > 0 else "never here"
        pays = f", and compiling pays {after}"
    moved = Summary(tuple(part["moved"] for part in parts)).mean
    apart = max(_worst(row, "early") for row in rows[1:])
    alike = "All forms learn the same to rounding" if apart <= ROUNDING else (
        f"The forms do not learn the same, their weights are {apart:.1e} apart early"
    )  # fmt: skip
    return (
        f"{alike}; a step takes, of the plain loop's time, {times}"
        f"{pays}; the encoder that shares its weights moved with the autoencoder, its codes by "
        f"{said(moved)} times their length."
    )


def _checks(rows: list[dict[str, Any]], parts: list[dict[str, float]]) -> list[Check]:
    checks = [Check(f"weights of the {row['form']} off the loop's, early", _worst(row, "early"),
                    0.0, ROUNDING) for row in rows[1:]]  # fmt: skip
    for seed, part in enumerate(parts):
        both = part["encoder"] + part["decoder"]
        checks.append(Check(f"weights of the whole, by its parts', seed {seed}",
                            part["whole"] / both, 1.0, 0.0))  # fmt: skip
        checks.append(Check(f"decoded codes off the reconstruction, seed {seed}", part["apart"],
                            0.0, 1e-6))  # fmt: skip
    return checks


def _figure(rows: list[dict[str, Any]]) -> Figure:
    from liangyi.lab.figure import dots, panels

    figure, (left, right) = panels(1, 2, 4.5, 2.6)
    dots(left, {row["form"]: _sum(row, "step", 1000) for row in rows}, "ms a step")
    left.set_xlim(left=0)
    for row in rows[1:]:
        right.plot(["early", "end"], [_worst(row, key) for key in ("early", "end")], "o-",
                   label=row["form"])  # fmt: skip
    right.set(title="largest difference from the loop's weights", xlim=(-0.3, 1.3))
    right.set_yscale("symlog", linthresh=1e-7)
    right.set_ylim(0, 10)
    right.legend(frameon=False, fontsize=8)
    return figure
