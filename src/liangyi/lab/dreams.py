"""What the parts of DeepDream are for: each is left out, and what becomes of the dream is measured.

The Keras example `deep_dream.py` begins with small octaves, divides the gradient by its mean
magnitude, and puts the detail back that shrinking had lost. Here stand beside it: one octave with
as many ascents, the raw gradient (whose first step in each octave is as long), and octaves that
begin with the one before, enlarged, alone. What the dream is worth to the classifier is measured at
full size; how it looks, by the share of the picture's energy in high frequencies, and by how much
of the original's own detail is in it.

The pictures are parts of two photographs of scikit-learn's (china.jpg by danielbuechele, flower.jpg
by vultilion, both CC BY 2.0). The classifier is SqueezeNet 1.0, from `weights` in LIANGYI_DATA or
downloaded; for --quick it is one of digits.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from liangyi.core import draw, files
from liangyi.core.spec import Pixels, Spec
from liangyi.fields.pixels import to_bytes, to_picture
from liangyi.lab.experiment import Outcome, Work, experiment, percent, said
from liangyi.lab.table import Summary, markdown
from liangyi.nets.octaves import resize
from liangyi.runs.building import build
from liangyi.runs.run import Run
from liangyi.use.dream import dreamt
from liangyi.use.sample import png
from liangyi.zoo.vision.deep_dream import DeepDream, DeepDreamConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OCTAVES, ASCENTS, SIZE = 3, 10, (160, 240)
LAYERS = ("features.7=1", "features.9=.5")  # maps of an eighth of the picture's sides
TRAINING = dataclasses.replace(DeepDream.recipe, precision="float32")
PHOTOGRAPHS = ("flower.jpg", "china.jpg")


class RawGradient(DeepDream):
    """The gradient as it is, times what makes an octave's first step as long as ever."""

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return plain descent; the first gradient is known when it is asked for."""
        (picture,) = weights
        assert picture.grad is not None
        first = float(picture.grad.abs().mean())
        return torch.optim.SGD(weights, lr=self.config.learning_rate / max(first, 1e-12))


class WithoutDetail(DeepDream):
    """An octave begins with the one before, enlarged, and nothing else."""

    @torch.no_grad()
    def begin(self, octave: int, original: Tensor) -> None:
        """Start an octave."""
        before = self.octaves[octave - 1] if octave else original
        self.octaves[octave].copy_(resize(before, self.octaves[octave]))


@dataclass(frozen=True)
class Way:
    """One way to dream."""

    kind: type[DeepDream] = DeepDream
    octaves: int = OCTAVES


WHOLE, ONE, RAW, BARE = "as it is", "one octave", "raw gradient", "detail not put back"
WAYS = {
    WHOLE: Way(),
    ONE: Way(octaves=1),
    RAW: Way(RawGradient),
    BARE: Way(WithoutDetail),
}


def squeezenet() -> str:
    """Return what names SqueezeNet 1.0 with its weights."""
    there = Path(os.environ.get("LIANGYI_DATA", ""), "weights", "squeezenet_v1.0_decoded.npz")
    return "torchvision:squeezenet1_0" + (f"@{there}" if there.is_file() else "")


def photograph(seed: int, height: int, width: int) -> Tensor:
    """Return a part of a photograph, at half its size, [1 3 H W] in (-1, 1)."""
    from sklearn.datasets import load_sample_image

    name = PHOTOGRAPHS[seed % len(PHOTOGRAPHS)]
    whole = torch.from_numpy(load_sample_image(name).copy()).permute(2, 0, 1)[None] / 127.5 - 1
    half = resize(whole, whole[:, :, ::2, ::2])
    dice = torch.rand(2, generator=draw.generator(seed, "part"), device="cpu").tolist()
    top, left = (
        int(share * (have - want + 1))
        for share, have, want in zip(dice, half.shape[2:], (height, width), strict=True)
    )
    return half[:, :, top : top + height, left : left + width].contiguous()


def high(picture: Tensor) -> tuple[Tensor, float]:
    """Return what is faster than a quarter of a wave a pixel, and its share of the energy."""
    waves = torch.fft.fft2(picture - picture.mean((2, 3), keepdim=True))
    down, across = (torch.fft.fftfreq(side, device="cpu") for side in picture.shape[2:])
    fast = down[:, None].square() + across.square() > 0.25**2
    energy = waves.abs().square()
    share = float((energy * fast).sum() / energy.sum())
    return torch.fft.ifft2(waves * fast).real, share


def kept_detail(original: Tensor, dream: Tensor) -> float:
    """Return the correlation of two pictures' high frequencies."""
    both = torch.stack([high(original)[0].flatten(), high(dream)[0].flatten()])
    return float(torch.corrcoef(both)[0, 1])


def measured(name: str, work: Work, classifier: str, seed: int) -> dict[str, Any]:
    """Dream in one way over one picture, keep it, and return its figures."""
    way, (height, width) = WAYS[name], (32, 48) if work.quick else SIZE
    # as many in all
    ascents = work.steps(ASCENTS, 2) * OCTAVES // way.octaves
    layers = () if work.quick else LAYERS
    spec = Spec("image", image=Pixels(3, height, width))
    # a border would leave so little of these small maps that all is painted into the middle
    config = DeepDreamConfig(
        classifier=classifier, layers=layers, octaves=way.octaves, ascents=ascents, border=0
    )
    model, picture = build(way.kind, config, spec, seed), photograph(seed, height, width)
    levels = [one.read()["excitement"] for one in dreamt(model, picture, TRAINING)]
    dream = model.dream().cpu()
    model.to("cpu")
    octaves = [levels[at : at + config.ascents] for at in range(0, len(levels), config.ascents)]
    rises = [b > a for octave in octaves for a, b in itertools.pairwise(octave)]
    with torch.no_grad():
        before, after = (float(model.excitement(one)) for one in (picture, dream))
    for what, one in (("original", picture), (name, dream)):
        files.write(shown(work, what, seed), png(to_picture(to_bytes(one, (-1, 1))[0])))
    return {
        "levels": levels, "gains": [octave[-1] / octave[0] for octave in octaves],
        "rose": sum(rises) / len(rises), "excitement": after / before,
        "high": high(dream)[1], "high before": high(picture)[1],
        "detail": kept_detail(picture, dream),
    }  # fmt: skip


def shown(work: Work, what: str, seed: int) -> Path:
    """Return where a picture is kept."""
    folder = work.out / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{what.replace(' ', '-')}-{seed}.png"


def judge(work: Work) -> str:
    """Return the classifier: SqueezeNet, or for a quick look a small one, trained here."""
    if not work.quick:
        return squeezenet()
    from liangyi.api import train

    path = work.out / "classifier"
    if not Run.there(path):
        train("mnist-cnn", "digits", path, steps=5, progress=False, validate_every=0)
    return str(path)


@experiment("What are the octaves, the normalised gradient and the lost detail of DeepDream for?")
def run(work: Work) -> Outcome:
    """Dream over parts of photographs, each part of the method left out in turn."""
    classifier = judge(work)
    rows: list[dict[str, Any]] = [
        {"way": name, "runs": work.each(name, partial(measured, name, work, classifier))}
        for name in WAYS
    ]
    cells = []
    for row in rows:
        runs = row["runs"]
        gains = [_of(runs, "gains", place) for place in range(OCTAVES)]
        cells.append([
            row["way"], *gains, percent(Summary(tuple(one["rose"] for one in runs)).mean),
            _of(runs, "excitement"), _of([{"h": 100 * one["high"]} for one in runs], "h"),
            _of(runs, "detail"),
        ])  # fmt: skip
    head = ("", "gain, octave 1", "octave 2", "octave 3", "ascents that rose",
            "excitement, times before", "high frequencies, %", "original's detail")  # fmt: skip
    return Outcome((markdown(head, cells),), rows, _seen(rows), (), _figure(work, rows))


def _of(runs: list[dict[str, Any]], key: str, place: int | None = None) -> str:
    if place is not None:
        runs = [{key: one[key][place]} for one in runs if place < len(one[key])]
    return str(Summary(tuple(one[key] for one in runs))) if runs else ""


def _seen(rows: list[dict[str, Any]]) -> str:
    def mean(way: str, key: str) -> float:
        (runs,) = (row["runs"] for row in rows if row["way"] == way)
        return Summary(tuple(one[key] for one in runs)).mean

    return (
        f"The dream excites the classifier {said(mean(WHOLE, 'excitement'))} times as much as the "
        f"picture did; in one octave {said(mean(ONE, 'excitement'))} times, with "
        f"{said(100 * mean(ONE, 'high'))} % of the energy in high frequencies instead of "
        f"{said(100 * mean(WHOLE, 'high'))} % (the pictures: "
        f"{said(100 * mean(WHOLE, 'high before'))} %); with the raw gradient "
        f"{said(mean(RAW, 'excitement'))} times, and {percent(mean(RAW, 'rose'))} of its ascents "
        f"rise instead of {percent(mean(WHOLE, 'rose'))}; the original's detail correlates with "
        f"the dream's by {said(mean(WHOLE, 'detail'))}, and by {said(mean(BARE, 'detail'))} where "
        "it is not put back."
    )


def _figure(work: Work, rows: list[dict[str, Any]]) -> Figure:
    from matplotlib.figure import Figure
    from PIL import Image

    seeds, columns = list(work.seeds)[:2], ("original", *WAYS)
    figure = Figure(figsize=(3 * len(columns), 2.2 * len(seeds) + 2.6), layout="constrained")
    places = figure.add_gridspec(len(seeds) + 1, len(columns))
    for line, seed in enumerate(seeds):
        for place, name in enumerate(columns):
            axes = figure.add_subplot(places[line, place])
            axes.imshow(Image.open(shown(work, name, seed)), interpolation="nearest")
            axes.set(xticks=[], yticks=[], title=name if line == 0 else "")
    axes = figure.add_subplot(places[-1, :])
    for row in rows:
        levels = row["runs"][0]["levels"]
        axes.plot(range(1, len(levels) + 1), levels, label=row["way"])
    axes.set(yscale="log", xlabel="ascent", ylabel="excitement, first picture")
    axes.legend(frameon=False)
    return figure
