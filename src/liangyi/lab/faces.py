"""Are they faces? A classifier that never saw a generator says so, of real and of drawn pictures.

It learns faces against what is none: pictures of CIFAR-10, and faces whose patches were put in
another order, which have all of a face but its arrangement. Beside its word stand the kernel
distance (few pictures: it has no bias, the Frechet distance has), coverage and what is memorised:
the one face that a network learned by heart is a face, too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.core import draw, files
from liangyi.core.batch import Images
from liangyi.core.errors import UserError
from liangyi.core.verbs import samples
from liangyi.data import Dataset, Source, choose
from liangyi.data.arrays import Arrays
from liangyi.fields.pixels import grid
from liangyi.lab.entry import Entry, entries
from liangyi.lab.experiment import Outcome, Work, experiment, percent
from liangyi.lab.figure import panels
from liangyi.lab.table import Summary, best, markdown, write
from liangyi.lab.table import seeds as said
from liangyi.lab.trial import Trial, failed, finished, place_of
from liangyi.metrics.card import Card
from liangyi.runs.cards import kept
from liangyi.runs.run import Run
from liangyi.scoring import score
from liangyi.scoring.evaluator import Evaluator, evaluator_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODELS = ("dcgan", "dcgan:augment=diffaugment", "dcgan:augment=ada")
OTHER = "cifar10"  # whose pictures are no faces
COLUMNS = ("kernel", "coverage", "precision", "recall", "memorised")
PATCHES = 4  # of a side, that change places
_STEPS, _SIZE, _SAMPLES, _SHOWN = 1000, 64, 1000, 12
_PART = 5  # one picture in so many is not learned from


def trials(
    entries: Sequence[Entry], data: Sequence[str], seeds: int, out: Path, steps: int | None
) -> list[Trial]:
    """Return the trainings of the bench; every entry's first seed comes before any second one.

    Raises:
        UserError: no folder of faces was named.
    """
    if not data:
        raise UserError("name a folder of faces", setting="data")
    ends = steps or _STEPS
    recipe = {"steps": ends, "size": _SIZE, "batch_size": 64, "sample_every": ends, "keep": 1,
              "checkpoint_every": max(1, ends // 4), "validate_every": 0}  # fmt: skip
    return [
        Trial(entry, name, seed, place_of(out, name) / entry.folder / f"seed-{seed}", recipe)
        for seed in range(seeds)
        for name in data
        for entry in entries
    ]


def finish(trial: Trial, other: str = OTHER) -> None:
    """Score a finished training and ask whether it draws faces, once."""
    run = trial.run
    if run is not None and not failed(run):
        if not kept(run):
            score(run, _SAMPLES)
        judged(run, other)


def judged(run: Run, other: str = OTHER) -> dict[str, float]:
    """Return the shares of samples and of held-out faces that are taken for faces.

    With them comes the share of held-out pictures of both kinds that are named rightly.
    """
    path = run.beside("faces.json")
    if not path.exists():
        source, model = run.source(), run.model()
        evaluator, real = classifier(source, other)
        drawn = evaluator.classes(samples(model, _SAMPLES), model.image_range)
        found = {"faces": _share(drawn), "real": real, "accuracy": evaluator.accuracy}
        files.write(path, json.dumps(found))
    before: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    return before


def classifier(source: Source, other: str) -> tuple[Evaluator, float]:
    """Return a classifier of faces, class 1, and the share of unseen faces that it calls so.

    Args:
        source: of the faces.
        other: name of the data whose pictures are none.
    """
    faces = _pictures(source, None)
    size = faces.shape[2:]
    none = interpolate(_pictures(choose(other), len(faces)), size, mode="bicubic", antialias=True)
    none = none.clamp(0, 1)
    if faces.shape[1] == 1:
        none = none.mean(1, keepdim=True)
    cut = len(faces) // _PART
    unseen, seen = (_labelled(faces[part], none[part]) for part in (slice(cut), slice(cut, None)))
    evaluator = evaluator_of(Arrays(seen, unseen))
    return evaluator, _share(evaluator.classes(faces[:cut], (0.0, 1.0)))


def _pictures(source: Source, count: int | None) -> Tensor:
    """Return so many pictures [N C H W] between 0 and 1, or all, in a fixed random order."""
    found = source.split("train")
    if not isinstance(found, Dataset):
        raise UserError(f"{source.name} has no pictures to learn from", setting="data")
    return found.some(min(count or len(found), len(found)), Images, "cpu", (0.0, 1.0))[0]


def _labelled(faces: Tensor, other: Tensor) -> dict[str, Tensor]:
    """Return faces as class 1; as class 0 half as many other pictures and scrambled faces each."""
    half = len(faces) // 2
    image = torch.cat([faces, other[:half], scrambled(faces[half : 2 * half])])
    label = torch.zeros(len(image), dtype=torch.long, device="cpu")
    label[: len(faces)] = 1
    return {"image": (255 * image).round().byte(), "label": label}


def scrambled(image: Tensor) -> Tensor:
    """Return pictures [N C H W] whose patches changed places, each picture's in its own way."""
    count, _, height, width = image.shape
    high, wide = height // PATCHES, width // PATCHES
    patches = image[..., : high * PATCHES, : wide * PATCHES].unflatten(2, (PATCHES, high))
    patches = patches.unflatten(4, (PATCHES, wide)).movedim((2, 4), (1, 2)).flatten(1, 2)
    dice = draw.generator(0, "scrambled")
    order = torch.rand(count, PATCHES**2, generator=dice, device="cpu").argsort(1)
    moved = torch.stack([one[places] for one, places in zip(patches, order, strict=True)])
    moved = moved.unflatten(1, (PATCHES, PATCHES)).movedim((1, 2), (2, 4))
    whole = moved.flatten(4, 5).flatten(2, 3)
    return interpolate(whole, (height, width)) if whole.shape != image.shape else whole


def _share(classes: Tensor) -> float:
    return float((classes == 1).float().mean())


def table(done: Sequence[Trial]) -> tuple[str, list[dict[str, Any]]]:
    """Return a Markdown table for each folder, and the same as plain values."""
    parts, plain = [], []
    for data in dict.fromkeys(trial.data for trial in done):
        rows, real, floors = [], math.nan, dict[str, float | None]()
        for name in dict.fromkeys(trial.entry.name for trial in done if trial.data == data):
            own = [trial for trial in done if (trial.data, trial.entry.name) == (data, name)]
            runs = [trial.run for trial in own if trial.run and not failed(trial.run)]
            lost = len(own) - len(runs)
            if not runs:
                rows.append([f"`{name}`", said(len(own), lost), *[""] * (1 + len(COLUMNS))])
                continue
            faces = [judged(run) for run in runs]
            sums = {"faces": Summary(tuple(one["faces"] for one in faces))}
            for column in COLUMNS:
                cards = [_card(run, column) for run in runs]
                sums[column] = Summary(tuple(c.value if c else math.nan for c in cards))
                floors[column] = cards[0].floor if cards[0] else None
            real = faces[0]["real"]
            rows.append([f"`{name}`", said(len(own), lost), *map(str, sums.values())])
            plain.append({"data": data, "model": name, "seeds": len(own), "failed": lost,
                          "accuracy": faces[0]["accuracy"], "real": real,
                          **{key: total.json() for key, total in sums.items()}})  # fmt: skip
        last = [write(real), *("" if f is None else write(f) for f in floors.values())]
        rows.append(["real against real", "", *last])
        parts.append(markdown((Path(data).name, "seeds", "faces", *COLUMNS), rows))
    return "\n\n".join(parts) + "\n", plain


def _card(run: Run, metric: str) -> Card | None:
    """Return a card; None where there are too few pictures for it."""
    return next((card for card in kept(run) if card.metric == metric), None)


def sheet(done: Sequence[Trial]) -> Figure:
    """Draw a row of real faces for each folder, below it a row of each model's first sound seed."""
    rows: list[tuple[str, Tensor, tuple[float, float]]] = []
    first: dict[tuple[str, str], Trial] = {}
    for trial in sorted(done, key=lambda trial: trial.seed):  # not as others left them to us
        if trial.run is not None and not failed(trial.run):
            first.setdefault((trial.data, trial.entry.name), trial)
    for data in dict.fromkeys(trial.data for trial in done):
        own = [trial for (place, _), trial in first.items() if place == data]
        if own:
            rows.append(("real", _pictures(own[0].source(), _SHOWN), (0.0, 1.0)))
        for trial in own:
            assert trial.run is not None
            model, share = trial.run.model(), judged(trial.run)["faces"]
            drawn = samples(model, _SHOWN)
            rows.append((f"{trial.entry.name}: {percent(share)} faces", drawn, model.image_range))
    figure, places = panels(len(rows) or 1, 1, 10.0, 1.25)
    for axes, (title, image, scale) in zip(places, rows, strict=False):
        axes.imshow(grid(image, scale, columns=_SHOWN).convert("RGB"))  # grey ones, too
        axes.set_title(title, loc="left", fontsize=8)
        axes.axis("off")
    return figure


@experiment(
    "How many drawn pictures are faces, plainly trained and augmented?",
    models=MODELS,
    quick={"models": ("dcgan:width=8",), "data": ("digits",)},
)
def run(work: Work) -> Outcome:
    """Train what is not trained yet, and judge it."""
    steps, other = (2, "digits") if work.quick else (work.terms.steps, OTHER)
    wanted = trials(entries(work.models), work.data, len(work.seeds), work.out, steps)
    done = finished(wanted, work.tell, partial(finish, other=other))
    text, plain = table(done)
    words = "of {data} `{model}` draws most faces: a share of {value}"
    seen = best(plain, "faces", words, max)
    return Outcome((text.strip(),), plain, seen, figure=sheet(done))
