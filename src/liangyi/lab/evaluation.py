"""Why one number is not enough: how the Frechet distance moves when nothing got better or worse.

No generator here: real pictures, and real pictures with one defect each, so that it is known what
is wrong. The distance is looked at

    by n           it is biased upwards; of two draws of N(0, I) in D dimensions it is about
                   (2 D + D (D + 1) / 2) / n (bias of the FID: arXiv:1911.07023); the kernel
                   distance has no bias (arXiv:1801.01401)
    by resizing    pictures made smaller and large again (arXiv:2104.11222)
    by features    the evaluator's, those of a network that learned nothing, the pixels
    by split       beside the pictures learned from, or beside held-out ones

and beside other figures of the same pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from liangyi.core import draw
from liangyi.core.batch import Labelled
from liangyi.lab.drawing import QUICK, UNIT, WHOLE, Examiner
from liangyi.lab.experiment import Check, Outcome, Work, experiment, said
from liangyi.lab.figure import band, panels
from liangyi.lab.table import Summary, markdown
from liangyi.metrics.frechet import frechet, gaussian
from liangyi.metrics.kernel import kernel_distance
from liangyi.metrics.neighbours import manifold, two_sample
from liangyi.runs.building import build
from liangyi.scoring.evaluator import features_of
from liangyi.zoo.vision.mnist_cnn import MnistCNN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COUNTS = (50, 100, 200, 500, 1000, 2000, 5000)
FEW, NOISE = 50, 0.15  # pictures that are repeated; deviation of noise on pixels of 0 ... 1
RESIZED: dict[str, dict[str, Any]] = {
    "nearest": {"mode": "nearest"},
    "bilinear": {"mode": "bilinear"},
    "bilinear, antialiased": {"mode": "bilinear", "antialias": True},
    "bicubic, antialiased": {"mode": "bicubic", "antialias": True},
}
DIMENSIONS, DRAWN, TIMES = 8, 1000, 100  # of the check by closed form
Look = Callable[[Tensor], Tensor]  # of pictures: features [N D]
FIGURES = {"frechet": "Frechet distance", "kernel": "kernel distance", "precision": "precision",
           "recall": "recall", "neighbour": "nearest neighbour, 1/2 is best"}  # fmt: skip


def sets(examiner: Examiner, count: int, seed: int) -> dict[str, Labelled]:
    """Return so many pictures each, in 0 ... 1, that share none: to compare with, and others."""
    data = examiner.train
    dice = draw.generator(seed, "sets")
    order = torch.randperm(len(data), generator=dice, device="cpu")
    parts = {name: order[place * count : (place + 1) * count]
             for place, name in enumerate(("real", "other", "spare"))}  # fmt: skip
    found = {name: data.batch(Labelled, part, "cpu", UNIT) for name, part in parts.items()}
    held = torch.randperm(len(examiner.held_out), generator=dice, device="cpu")[:count]
    return found | {"held out": examiner.held_out.batch(Labelled, held, "cpu", UNIT)}


def defects(real: Labelled, other: Labelled, spare: Labelled, seed: int) -> dict[str, Tensor]:
    """Return pictures with one defect each, made of real ones, as many.

    Args:
        real: those that they will be compared with.
        other: others, of the same law.
        spare: more of them, which fill up what is left out.
        seed: decides the noise, and which are repeated.
    """
    image, dice = other.image, draw.generator(seed, "defects")
    noise = torch.randn(image.shape, generator=dice, device="cpu")
    rows = torch.randint(min(FEW, len(image)), (len(image),), generator=dice, device="cpu")
    # none twice: what is repeated is another defect, which figures of neighbours see more than this
    kept = torch.cat([one.image[one.label != 0] for one in (other, spare)])[: len(image)]
    return {
        "none": image,
        "blurred": avg_pool2d(image, 3, 1, 1, count_include_pad=False),
        "noisy": (image + NOISE * noise).clamp(0, 1),
        "shifted by a pixel": image.roll(1, 3),
        "one class missing": kept,
        f"{FEW} pictures repeated": image[rows],
        "copies of the real ones": real.image,
    }


def smaller(image: Tensor, how: dict[str, Any]) -> Tensor:
    """Return pictures made half as large and large again."""
    half = [side // 2 for side in image.shape[2:]]
    found: Tensor = interpolate(interpolate(image, half, **how), image.shape[2:], **how)
    return found.clamp(0, 1)


def looks(examiner: Examiner, seed: int) -> dict[str, Look]:
    """Return the ways to look at pictures."""
    network = examiner.evaluator.network
    random = build(MnistCNN, network.config, network.spec, seed).to(network.device).eval()
    return {
        "evaluator": lambda image: examiner.evaluator.features(image, UNIT),
        "random network": lambda image: features_of(random, image, UNIT),
        "pixels": lambda image: image.flatten(1),
    }


def apart(one: Tensor, other: Tensor) -> float:
    """Return the Frechet distance of features."""
    return frechet(gaussian(one), gaussian(other))


def measured(examiner: Examiner, count: int, seed: int) -> dict[str, Any]:
    """Return all figures of one draw of real pictures."""
    found = sets(examiner, count, seed)
    bad = defects(found["real"], found["other"], found["spare"], seed)
    ways = looks(examiner, seed)
    look = ways["evaluator"]
    real, seen = look(found["real"].image), {name: look(image) for name, image in bad.items()}
    held = look(found["held out"].image)
    return {
        "by n": {name: [[n, apart(real[:n], seen[name][:n]),
                         kernel_distance(real[:n], seen[name][:n])]
                        for n in COUNTS if n <= count] for name in ("none", "blurred")},
        "figures": {name: _figures(real, one) for name, one in seen.items()},
        "resized": {name: apart(real, look(smaller(bad["none"], how)))
                    for name, how in RESIZED.items()},
        "features": {way: {name: apart(ways[way](found["real"].image), ways[way](image))
                           for name, image in bad.items()} for way in ways},
        "split": {name: [apart(real, seen[name]), apart(held, seen[name])]
                  for name in ("none", "copies of the real ones")},
    }  # fmt: skip


def _figures(real: Tensor, other: Tensor) -> dict[str, float]:
    near = manifold(real, other)
    return {"frechet": apart(real, other), "kernel": kernel_distance(real, other),
            "precision": float(near.precision.mean()), "recall": float(near.recall.mean()),
            "neighbour": float(two_sample(real, other).mean())}  # fmt: skip


@experiment("How does the Frechet distance move with n, resizing, features and split?")
def run(work: Work) -> Outcome:
    """Measure real pictures and such with a known defect in every way."""
    examiner = Examiner.of(QUICK if work.quick else WHOLE, work.tell)
    most = min(len(examiner.train) // 3, len(examiner.held_out), COUNTS[2 if work.quick else -1])
    count = max(n for n in COUNTS if n <= most)
    runs = work.each(f"{count} pictures", partial(measured, examiner, count))
    rows = [{"count": count, "runs": runs}]
    return Outcome(_tables(runs), rows, _seen(runs), _checks(), _figure(runs))


def _sum(runs: list[dict[str, Any]], *path: Any) -> Summary:
    """Return one figure over the seeds, by where it lies in what was measured."""
    values = []
    for found in runs:
        one: Any = found
        for key in path:
            one = one[key]
        values.append(one)
    return Summary(tuple(values))


def _tables(runs: list[dict[str, Any]]) -> list[str]:
    first = runs[0]
    sizes = [n for n, *_ in first["by n"]["none"]]
    by_n = [[str(n), *(str(_sum(runs, "by n", name, place, column))
                       for column in (1, 2) for name in ("none", "blurred"))]
            for place, n in enumerate(sizes)]  # fmt: skip
    names = list(first["figures"])
    figures = [[name, *(str(_sum(runs, "figures", name, key)) for key in FIGURES)]
               for name in names]  # fmt: skip
    resized = [[name, str(_sum(runs, "resized", name))] for name in RESIZED]
    resized.append(["not at all", str(_sum(runs, "figures", "none", "frechet"))])
    ways = list(first["features"])
    features = [[name, *(str(_sum(runs, "features", way, name)) for way in ways)] for name in names]
    split = [[name, *(str(_sum(runs, "split", name, place)) for place in (0, 1))]
             for name in first["split"]]  # fmt: skip
    return [
        markdown(("pictures of each", "Frechet distance, real", "blurred",
                  "kernel distance, real", "blurred"), by_n),
        markdown(("defect", *FIGURES.values()), figures),
        markdown(("halved and enlarged by", "Frechet distance"), resized),
        markdown(("Frechet distance; defect", *ways), features),
        markdown(("Frechet distance; defect", "beside those learned from", "beside held-out ones"),
                 split),
    ]  # fmt: skip


def _seen(runs: list[dict[str, Any]]) -> str:
    by_n = runs[0]["by n"]["none"]
    few, many_ = (_sum(runs, "by n", "none", place, 1).mean for place in (0, -1))
    names = [name for name in runs[0]["figures"] if name not in ("none", "copies of the real ones")]
    worst = {way: max(names, key=lambda name, way=way: _sum(runs, "features", way, name).mean)  # type: ignore[misc]
             for way in runs[0]["features"]}  # fmt: skip
    said_of = ", ".join(f"`{name}` ({way})" for way, name in worst.items())
    sizes = [_sum(runs, "resized", name).mean for name in RESIZED]
    ends = [_sum(runs, "split", "copies of the real ones", place).mean for place in (0, 1)]
    return (
        f"Real pictures are {said(few)} from real ones with {by_n[0][0]} of each and {said(many_)} "
        f"with {by_n[-1][0]:,}; halving and enlarging them costs {said(min(sizes))} to "
        f"{said(max(sizes))} by the way it is done; the worst defect is {said_of}; and mere copies "
        f"are {said(ends[0])} from what they copy, {said(ends[1])} from held-out pictures."
    )


def _checks() -> list[Check]:
    """Compare two draws of one normal law with the bias by closed form, and with none."""
    dice = draw.generator(0, "draws of one law")
    distances, kernels = [], []
    for _ in range(TIMES):
        one, other = torch.randn(2, DRAWN, DIMENSIONS, generator=dice, device="cpu")
        distances.append(apart(one, other))
        kernels.append(kernel_distance(one, other))
    bias = (2 * DIMENSIONS + DIMENSIONS * (DIMENSIONS + 1) / 2) / DRAWN
    kernel = Summary(tuple(kernels))
    return [
        Check("bias of the Frechet distance, by the closed form",
              Summary(tuple(distances)).mean / bias, 1.0, 0.1),
        Check("bias of the kernel distance, in its standard errors",
              kernel.mean / (kernel.error or 1.0), 0.0, 4.0),
    ]  # fmt: skip


def _figure(runs: list[dict[str, Any]]) -> Figure:
    from liangyi.lab.figure import dots

    figure, (left, middle, right) = panels(1, 3, 4.4, 3.4)
    for name, label in (("none", "real"), ("blurred", "blurred")):
        sizes = [n for n, *_ in runs[0]["by n"][name]]
        band(left, sizes, [[one for _, one, _ in run["by n"][name]] for run in runs], label)
    left.set(xscale="log", yscale="log", xlabel="pictures of each", title="Frechet distance by n")
    left.set_xticks(sizes, [str(n) for n in sizes])
    left.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    left.legend(frameon=False, fontsize=8)
    ways = {name: _sum(runs, "resized", name) for name in RESIZED}
    dots(middle, ways, "Frechet distance, halved and enlarged")
    names = [name for name in runs[0]["figures"] if name != "copies of the real ones"]  # 0, in logs
    for way in runs[0]["features"]:
        means = {name: _sum(runs, "features", way, name).mean for name in names}
        right.plot([mean / means["none"] for mean in means.values()], list(means), "o", label=way)
    right.set(xscale="log", xlabel="distance, by that of real pictures")
    right.tick_params(axis="y", labelsize=8)
    right.invert_yaxis()
    right.legend(frameon=False, fontsize=8)
    return figure
