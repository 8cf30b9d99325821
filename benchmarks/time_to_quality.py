"""Seconds of training until generated digits are good: liangyi and its peers on MNIST.

    python -m benchmarks time-to-quality OUT [--seeds 0 1 2] [--images 38400] [--batch 128]
        [--every 3840] [--samples 5000] [--threshold T] [--threads 2] [--only WORD ...]

All sides train the networks of `dcgan-mnist` (2.4 M and 4.3 M weights) from weights of one law
(Glorot's, Keras' own) on the same batches in the same order, which lie in memory. The epsilon of
Keras' RMSprop stands under the root, elsewhere beside it: it is given the square of the others'.
Keras and PyTorch are otherwise as in `dcgan-step`. Weights are not averaged on any side.

Each training has a process of its own, one after the other. Before it and after every `--every`
images its generator draws samples in evaluation mode (no dropout, running batch statistics) in
float32; drawing is not timed. The clock counts all steps from the first, with what is done in that
one only (TensorFlow traces its graph); how much that is has a column of its own.

A look is the Frechet distance between the samples and the 10,000 test pictures in the 128 hidden
values of the judge that `liangyi score` uses: a mnist-cnn trained once on the training pictures and
their labels, kept in LIANGYI_CACHE, and told apart by the hash of its weights. It has seen no GAN.

Looks are kept in OUT/results.jsonl as they are taken: the same command goes on where it was cut,
with the training that it was at begun anew. OUT/curves.png shows them.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import math
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.harness import Prepared, Side, SideFailed, Work, Worker, figure
from benchmarks.peers import plain, question
from benchmarks.peers import plain_networks as networks
from benchmarks.peers.stretch import repeated
from liangyi import data
from liangyi.bench.table import Summary, markdown
from liangyi.core import files
from liangyi.core.batch import Images
from liangyi.core.config import Training
from liangyi.core.run import build
from liangyi.core.trainer import Trainer
from liangyi.judging import Judge, judge_of
from liangyi.metrics.frechet import frechet, gaussian
from liangyi.nets.weights import glorot
from liangyi.sampling import samples
from liangyi.views import grid
from liangyi.zoo.dcgan_mnist import DCGANMnist, DCGANMnistConfig

RANGE = (0.0, 1.0)  # of all pictures
PART = 500  # samples drawn at once
OURS = ("liangyi float32", "liangyi bfloat16")


@dataclass(frozen=True)
class Plan:
    """What a training's process is told."""

    seed: int
    batch: int
    every: int  # images between looks
    samples: int
    file: str  # where the samples of a look are left


@dataclass(frozen=True)
class Look:
    """How good the samples were after so much training."""

    side: str
    seed: int
    images: int
    seconds: float
    frechet: float


def digits(split: str) -> data.Dataset:
    found = data.load("mnist", split)
    assert isinstance(found, data.Dataset)
    return found


def stream_of(plan: Plan) -> data.Batches:
    return data.Batches(digits("train"), Images, plan.batch, plan.seed, "cpu", RANGE)


def noise_of(plan: Plan) -> tuple[Tensor, ...]:
    """Return the noise of every look, without a trace in the noise of the training."""
    numbers = torch.rand(plan.samples, networks.LATENT, generator=torch.Generator().manual_seed(0))
    return (numbers * 2 - 1).split(PART)


def in_turn(plan: Plan, run: Callable[[int], None], draw: Callable[[], Tensor]) -> Work:
    """Return work that draws and trains in turn, so that the harness times them apart."""

    def look() -> float:
        drawn = draw()
        if not drawn.isfinite().all():
            raise FloatingPointError("the samples are no longer finite")
        np.save(plan.file, grid.to_bytes(drawn, RANGE).numpy())
        return len(drawn)

    def stretch() -> float:
        run(plan.every // plan.batch)
        return plan.every

    turns = itertools.cycle((look, stretch))
    return lambda: next(turns)()


def by_liangyi(precision: str, **settings: Any) -> Prepared:
    plan = Plan(**settings)
    stream = stream_of(plan)
    model = build(DCGANMnist, DCGANMnistConfig(), stream.spec, plan.seed)
    training = Training(seed=plan.seed, batch_size=plan.batch, device="cpu", precision=precision,
                        average=0, examine_every=0)  # fmt: skip
    trainer = Trainer(model, stream, training)

    def run(count: int) -> None:
        for _ in trainer.run(count):
            pass

    weights = networks.count(model.generator, model.discriminator)
    facts = {"precision": trainer.precision, "weights": weights}
    return in_turn(plan, run, lambda: samples(model, plan.samples)), facts


def by_pytorch(bfloat16: bool, **settings: Any) -> Prepared:
    plan = Plan(**settings)
    torch.manual_seed(plan.seed)
    generator, discriminator = networks.dcgan_generator(), networks.dcgan_discriminator()
    glorot(generator)
    glorot(discriminator)
    step = plain.dcgan_step(generator, discriminator, bfloat16)
    stream, noise = stream_of(plan), noise_of(plan)

    @torch.no_grad()
    def draw() -> Tensor:
        generator.eval()
        drawn = torch.cat([generator(part) for part in noise])
        generator.train()
        return drawn

    run = repeated(
        lambda made: step(stream.batch(made).image, plain.uniform(plan.batch, "cpu")), "cpu"
    )
    precision = "bfloat16 autocast" if bfloat16 else "float32"
    facts = {"precision": precision, "weights": networks.count(generator, discriminator)}
    return in_turn(plan, run, draw), facts


def by_keras(**settings: Any) -> Prepared:
    plan = Plan(**settings)
    # first: the LLVM that torchvision brings in (by triton) ends a process that has TensorFlow's
    stream, noise = stream_of(plan), noise_of(plan)
    import keras  # not above: other sides do without

    from benchmarks.peers import keras_gan, keras_networks, keras_run

    torch.set_num_threads(1)  # it only gathers batches; its threads would wait on Keras' cores
    keras.utils.set_random_seed(plan.seed)
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")
    gan = keras_gan.GAN(keras_networks.dcgan_generator(), keras_networks.dcgan_discriminator())
    gan.seeds = keras.random.SeedGenerator(plan.seed)
    gan.compile(
        keras.optimizers.RMSprop(1e-4, rho=0.9, epsilon=1e-7**2),
        keras.optimizers.RMSprop(2e-4, rho=0.9, epsilon=1e-7**2),
    )

    def step(made: int) -> None:
        image = stream.batch(made).image.permute(0, 2, 3, 1).contiguous()
        gan.train_on_batch(keras.ops.convert_to_tensor(image.numpy()))

    def draw() -> Tensor:
        parts = [gan.generator(part.numpy(), training=False) for part in noise]
        drawn = np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
        return torch.from_numpy(drawn).permute(0, 3, 1, 2)

    work = in_turn(plan, repeated(step, "cpu"), draw)
    return keras_run.prepared(work, gan.generator, gan.discriminator)


def sides() -> list[Side]:
    ours, plainly = f"{__name__}:by_liangyi", f"{__name__}:by_pytorch"
    return [
        Side("liangyi float32", ours, {"precision": "float32"}),
        Side("liangyi bfloat16", ours, {"precision": "bfloat16"}),
        Side("PyTorch float32", plainly, {"bfloat16": False}),
        Side("PyTorch bfloat16 autocast", plainly, {"bfloat16": True}),
        Side("Keras on TensorFlow float32", f"{__name__}:by_keras", {}, question.TENSORFLOW),
    ]


class Results:
    """All looks so far, one a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        # the last line may have been cut while it was written
        whole = [line for line in lines if line.endswith("\n")]
        self.looks = [Look(**json.loads(line)) for line in whole]
        if len(whole) < len(lines):
            files.write(path, "".join(whole))

    def of(self, side: str, seed: int, images: int) -> list[Look]:
        """Return a training's looks up to so many images, the first one first."""
        return [
            look
            for look in self.looks
            if (look.side, look.seed) == (side, seed) and look.images <= images
        ]

    def add(self, look: Look) -> None:
        self.looks.append(look)
        with self._path.open("a") as file:
            file.write(_line(look))

    def forget(self, side: str, seed: int) -> None:
        """Make room for a training that is begun anew."""
        self.looks = [look for look in self.looks if (look.side, look.seed) != (side, seed)]
        files.write(self._path, "".join(map(_line, self.looks)))


def _line(look: Look) -> str:
    return json.dumps(asdict(look)) + "\n"


def distances(judge: Judge) -> Callable[[Tensor], float]:
    """Return what tells how far pictures of bytes [N 1 28 28] are from the test pictures."""

    def seen(pictures: Tensor) -> Any:
        return gaussian(judge.features(pictures.float() / 255, RANGE))

    real = seen(digits("test").columns["image"])
    return lambda pictures: frechet(real, seen(pictures))


def train(side: Side, plan: Plan, asked: argparse.Namespace) -> Iterator[tuple[int, float, Tensor]]:
    """Train, and return at every look: images, seconds of training, samples."""
    told = dataclasses.replace(side, settings={**side.settings, **asdict(plan)})
    worker = Worker(told, asked.threads)
    try:
        print(f"seed {plan.seed}, {side.name}: {worker.facts}", file=sys.stderr)
        seconds = 0.0
        for images in range(0, asked.images + 1, plan.every):
            if images:
                seconds += worker.measure()[1]
            worker.measure()  # drawing
            yield images, seconds, torch.from_numpy(np.load(plan.file))
    finally:
        worker.close()


def collect(asked: argparse.Namespace, chosen: Sequence[Side], distance: Any) -> Results:
    """Make all trainings that are not there yet, seed by seed, so that a cut run is balanced."""
    results = Results(asked.out / "results.jsonl")
    for seed, side in itertools.product(asked.seeds, chosen):
        if len(results.of(side.name, seed, asked.images)) == asked.images // asked.every + 1:
            continue
        results.forget(side.name, seed)
        file = asked.out / f"{side.name.lower().replace(' ', '-')}-{seed}.npy"
        plan = Plan(seed, asked.batch, asked.every, asked.samples, str(file.resolve()))
        try:
            for images, seconds, drawn in train(side, plan, asked):
                look = Look(side.name, seed, images, round(seconds, 3), distance(drawn))
                results.add(look)
                said = f"{images} images, {seconds:.1f} s, Frechet {look.frechet:.4g}"
                print(f"seed {seed}, {side.name}: {said}", file=sys.stderr)
        except SideFailed as error:
            print(f"seed {seed}, {side.name} failed: {error}", file=sys.stderr)
    return results


def seconds_to(looks: Sequence[Look], threshold: float) -> float:
    """Return when the distance first fell to the threshold, its logarithm taken as straight."""
    if looks[0].frechet <= threshold:
        return 0.0
    for one, other in itertools.pairwise(looks):
        if other.frechet <= threshold:
            share = math.log(one.frechet / threshold) / math.log(one.frechet / other.frechet)
            return one.seconds + share * (other.seconds - one.seconds)
    return math.inf


def within_reach(trainings: dict[str, list[list[Look]]]) -> float:
    """Return what every training reached, rounded up to two digits."""
    best = [min(look.frechet for look in looks) for of in trainings.values() for looks in of]
    unit = 10.0 ** (math.floor(math.log10(max(best))) - 1)
    return round(math.ceil(max(best) / unit) * unit, 9)


def speed(trainings: list[list[Look]]) -> tuple[float, float]:
    """Return images a second after the first stretch, and the seconds that the first took more."""
    steady, surplus = [], []
    for looks in trainings:
        each = looks[1].images
        first, *later = [b.seconds - a.seconds for a, b in itertools.pairwise(looks)]
        usual = statistics.median(later or [first])
        steady.append(each / usual)
        surplus.append(first - usual)
    return statistics.median(steady), statistics.median(surplus)


def race(trainings: dict[str, list[list[Look]]], times: dict[str, list[float]]) -> str:
    """Return the table of the times; ratios are of seeds with which both sides got there."""
    ours = [name for name in OURS if name in trainings]
    rows = []
    for name, own in times.items():
        reached = [time for time in own if math.isfinite(time)]
        middle = statistics.median(own)
        rate, surplus = speed(trainings[name])
        cells = [name, figure(middle) if math.isfinite(middle) else "not reached",
                 f"{len(reached)} of {len(own)}", figure(rate), f"{surplus:.1f}"]  # fmt: skip
        for other in ours:
            pairs = [
                a / b
                for a, b in zip(own, times[other], strict=True)
                if math.isfinite(a) and 0 < b < math.inf
            ]
            cells.append("" if other == name else _range(pairs))
        rows.append(cells)
    head = ["", "seconds", "seeds that reached it", "images/s", "of the seconds, at the start"]
    return markdown([*head, *(f"this / {name}" for name in ours)], rows)


def _range(ratios: Sequence[float]) -> str:
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def progress(trainings: dict[str, list[list[Look]]]) -> str:
    """Return the table of the distances: rows are images seen, columns are sides."""
    rows = []
    for looks in zip(*(looks for of in trainings.values() for looks in of), strict=True):
        cells = [f"{looks[0].images:,}"]
        for name in trainings:
            values = [look.frechet for look in looks if look.side == name]
            spread = f" ± {figure(statistics.stdev(values))}" if len(values) > 1 else ""
            cells.append(figure(statistics.fmean(values)) + spread)
        rows.append(cells)
    return markdown(["images", *trainings], rows)


def draw_curves(trainings: dict[str, list[list[Look]]], threshold: float, path: Path) -> None:
    from matplotlib.figure import Figure

    page = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = page.subplots(1, 2, sharey=True)
    for name, of in trainings.items():
        means = [
            [
                statistics.fmean(getattr(look, of_look) for look in at)
                for at in zip(*of, strict=True)
            ]
            for of_look in ("seconds", "images", "frechet")
        ]
        left.plot(means[0], means[2], marker=".", label=name)
        right.plot(means[1], means[2], marker=".", label=name)
    for axes, label in ((left, "seconds of training"), (right, "images seen")):
        axes.axhline(threshold, color="grey", linestyle="--", linewidth=1)
        axes.set(xlabel=label, yscale="log")
        axes.grid(alpha=0.3, which="both")
    left.set_ylabel("Frechet distance to MNIST's test pictures")
    right.legend()
    page.savefig(path, dpi=120)


def same_settings(asked: argparse.Namespace, judge: Judge) -> dict[str, Any]:
    """Return what all looks in OUT must share, and refuse to mix them with others."""
    names = ("batch", "every", "samples", "threads")
    settings = {name: getattr(asked, name) for name in names} | {"judge": judge.name}
    path = asked.out / "settings.json"
    if path.exists() and (found := json.loads(path.read_text())) != settings:
        sys.exit(f"{asked.out} holds looks taken with {found}, not with {settings}; use another")
    path.write_text(json.dumps(settings) + "\n")
    return settings


def report(asked: argparse.Namespace, trainings: dict[str, list[list[Look]]]) -> dict[str, Any]:
    """Print the answers and return them."""
    threshold = asked.threshold or within_reach(trainings)
    times = {name: [seconds_to(looks, threshold) for looks in of] for name, of in trainings.items()}
    chosen = "as asked" if asked.threshold else "the least that all reached, rounded up"
    seeds = len(next(iter(trainings.values())))
    print(f"\n**Seconds to a Frechet distance of {threshold:g}** ({chosen}), medians of {seeds}")
    print(f"\n{race(trainings, times)}\n")
    print(f"**Frechet distance**, mean ± standard deviation of {seeds}\n\n{progress(trainings)}\n")
    found: dict[str, Any] = {
        "threshold": threshold,
        "seconds": {
            name: [time if math.isfinite(time) else None for time in own]
            for name, own in times.items()
        },
    }
    if all(name in trainings for name in OURS):
        wide, narrow = ([looks[-1].frechet for looks in trainings[name]] for name in OURS)
        apart = Summary(tuple(b - a for a, b in zip(wide, narrow, strict=True)))
        how = f"95 %, Student's t of {seeds} pairs" if apart.half else "one pair, no interval"
        print(f"liangyi bfloat16 - liangyi float32 at the end: {apart} ({how})\n")
        found["bfloat16 - float32 at the end"] = apart.json()
    draw_curves(trainings, threshold, asked.out / "curves.png")
    return found


def options() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="python -m benchmarks time-to-quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("out", type=Path, metavar="OUT")
    words.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    words.add_argument("--images", type=int, default=38_400, help="that each training sees")
    words.add_argument("--batch", type=int, default=128)
    words.add_argument("--every", type=int, default=3_840, help="images between looks")
    words.add_argument("--samples", type=int, default=5_000, help="of each look")
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--threshold", type=float, help="else the least that all reach")
    words.add_argument("--only", nargs="+", metavar="WORD", help="sides whose name has a word")
    words.add_argument("--json", type=Path, metavar="FILE", help="save everything")
    return words


def main(arguments: list[str]) -> None:
    words = options()
    asked = words.parse_args(arguments)
    if asked.every % asked.batch or asked.images % asked.every or asked.images < asked.every:
        words.error("--images must be a multiple of --every, and --every one of --batch")
    chosen = question.chosen(sides(), asked.only)
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(asked.threads)
    judge = judge_of(data.DataConfig(data="mnist"), lambda line: print(line, file=sys.stderr))
    settings = same_settings(asked, judge)
    distance = distances(judge)
    results = collect(asked, chosen, distance)
    some = torch.randperm(60_000, generator=torch.Generator().manual_seed(0))[: asked.samples]
    floor = distance(digits("train").columns["image"][some])
    trainings = {}
    for side in chosen:
        found = [results.of(side.name, seed, asked.images) for seed in asked.seeds]
        if all(len(looks) == asked.images // asked.every + 1 for looks in found):
            trainings[side.name] = found
        else:
            print(f"{side.name} was left out: not all of its trainings came to their end\n")
    if not trainings:
        sys.exit("no side came to its end")
    answer = report(asked, trainings)
    print(f"{asked.samples} training pictures instead of samples: {figure(floor)}; ", end="")
    print(f"the judge is {judge.name}, right about {judge.accuracy:.2%} of held-out pictures")
    looks = [asdict(look) for of in trainings.values() for looks in of for look in looks]
    question.keep(asked, {"settings": settings, "floor": floor, "looks": looks, **answer})
