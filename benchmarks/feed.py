"""How fast pictures arrive, as normalised float batches of 128: ours beside torchvision.

    python -m benchmarks feed [--pictures 50000] [--rounds 5] [--threads 2] [--json FILE]
    python -m benchmarks feed --data DATA [--size N]

From MNIST, and from a folder of PNGs: CIFAR-10's training pictures, written once into a temporary
folder. The first pass of ours decodes everything into a fresh cache and serves one pass from it; it
cannot be faster than Pillow alone decodes, so that is measured, too. torchvision decodes in every
pass (`MNIST` or `ImageFolder`, ToTensor, Normalize, DataLoader with shuffling and workers that
stay). All serve labels, too; the files are in the page cache. `--data` is ours alone, from any data
that `liangyi train` takes.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.harness import Outcome, Prepared, Side

BATCH = 128
PASSES = 10  # a stretch from the cache: one alone is over in a few hundredths of a second
OURS = ("liangyi, later", "liangyi, first pass")


def later(data: str, size: int | None, scratch: str) -> Prepared:
    """Serve passes over what lies decoded in the cache."""
    _import()
    _fresh_cache(scratch)
    began = time.perf_counter()
    _found(data, size)
    decoded = time.perf_counter()
    found = _found(data, size)
    facts = {
        "pictures": len(found),
        "shape": list(found.spec.shape),
        "decoding_seconds": decoded - began,
        "reading_back_seconds": time.perf_counter() - decoded,
    }
    stream = _stream(found)
    number = 0

    def work() -> float:
        nonlocal number
        batches = max(1, PASSES * len(found) // BATCH)
        served = 0
        for number in range(number, number + batches):  # noqa: B020, the passes go on
            served += len(stream.batch(number).image)
        return served

    work()
    return work, facts


def first(data: str, size: int | None, scratch: str) -> Prepared:
    """Decode everything, then serve one pass."""
    _import()

    def work() -> float:
        _fresh_cache(scratch)
        found = _found(data, size)
        stream = _stream(found)
        served = 0
        for number in range(max(1, len(found) // BATCH)):
            served += len(stream.batch(number).image)
        return served

    return work, {}


def torchvision(data: str, workers: int) -> Prepared:
    """Serve passes by a DataLoader."""
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    from liangyi.data import choose

    if data == "mnist":
        scale = transforms.Normalize((0.5,), (0.5,))
        steps = transforms.Compose([transforms.ToTensor(), scale])
        found: Any = datasets.MNIST(choose("mnist").root(), train=True, transform=steps)
    else:
        scale = transforms.Normalize((0.5,) * 3, (0.5,) * 3)
        steps = transforms.Compose([transforms.ToTensor(), scale])
        found = datasets.ImageFolder(data, transform=steps)
    stays = workers > 0
    loader = DataLoader(
        found, BATCH, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=stays
    )

    def work() -> float:
        return sum(len(image) for image, _ in loader)

    next(iter(loader))  # starts the workers
    return work, {}


def pillow(data: str) -> Prepared:
    """Decode every file once, in one thread, and throw it away."""
    import numpy
    from PIL import Image

    paths = sorted(Path(data).rglob("*.png"))

    def work() -> float:
        for path in paths:
            with Image.open(path) as image:
                numpy.asarray(image.convert("RGB"))
        return len(paths)

    return work, {}


def _import() -> None:
    """Import what the first pass would else pay for."""
    import torchvision.datasets  # noqa: F401

    import liangyi.data.pictures.folder  # noqa: F401


def _fresh_cache(scratch: str) -> None:
    os.environ["LIANGYI_CACHE"] = tempfile.mkdtemp(dir=scratch)  # the command removes them all


def _found(data: str, size: int | None) -> Any:
    from liangyi.data import choose

    return choose(data, size=size).split()


def _stream(found: Any) -> Any:
    from liangyi.core.batch import Images, Labelled
    from liangyi.data import Batches

    kind = Labelled if found.spec.serves(Labelled) else Images
    return Batches(found, kind, min(BATCH, len(found)))


def written(folder: Path, count: int) -> Path:
    """Write pictures of CIFAR-10 as PNGs, a folder for each class."""
    from PIL import Image

    from liangyi.data import Dataset, choose

    found = choose("cifar10").split()
    assert isinstance(found, Dataset)
    for name in found.spec.classes:
        (folder / name).mkdir(parents=True)
    pixels = found.columns["image"].permute(0, 2, 3, 1).numpy()
    labels = found.columns["label"].tolist()
    # evenly from all of them: they may lie class after class
    for number in range(0, len(found), max(1, len(found) // count))[:count]:
        place = folder / found.spec.classes[labels[number]] / f"{number:05}.png"
        Image.fromarray(pixels[number]).save(place)
    return folder


def sides(data: str, size: int | None, scratch: str, peers: bool) -> list[Side]:
    """Return who serves this data."""
    own = {"data": data, "size": size, "scratch": scratch}
    found = [
        Side("liangyi, later", "benchmarks.feed:later", own),
        Side("liangyi, first pass", "benchmarks.feed:first", own),
    ]
    if peers:
        found += [
            Side(
                f"torchvision, {workers} workers",
                "benchmarks.feed:torchvision",
                {"data": data, "workers": workers},
            )
            for workers in (0, 2)
        ]
    if peers and data != "mnist":
        found.append(Side("Pillow, decoding alone", "benchmarks.feed:pillow", {"data": data}))
    return found


def told(title: str, outcomes: Mapping[str, Outcome], ours: Sequence[str] = OURS) -> str:
    """Return the Markdown of one source."""
    about = outcomes[ours[0]].facts
    if not about:
        return f"{title} was left out: {outcomes[ours[0]].failed}\n"
    shape = " x ".join(map(str, about["shape"]))
    return (
        f"{title}: {about['pictures']:,} pictures of {shape}; decoded in "
        f"{about['decoding_seconds']:.2f} s, read back in {about['reading_back_seconds']:.2f} s\n\n"
        + harness.table(outcomes, "pictures/s", ours)
        + "\n"
    )


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks feed", description=__doc__)
    words.add_argument("--pictures", type=int, default=50_000, help="PNGs in the folder")
    words.add_argument("--data", help="measure ours on this alone")
    words.add_argument("--size", type=int, help="of the pictures of --data")
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--json", type=Path)
    args = words.parse_args(arguments)
    result: dict[str, Any] = {"machine": harness.machine(args.threads), "sources": {}}
    with tempfile.TemporaryDirectory() as scratch:
        if args.data:
            sources = {args.data: args.data}
        else:
            folder = written(Path(scratch) / "cifar10", args.pictures)
            sources = {"MNIST": "mnist", "CIFAR-10 as PNGs": str(folder)}
        for title, data in sources.items():
            asked = sides(data, args.size, scratch, peers=not args.data)
            outcomes = harness.measure(asked, args.rounds, args.threads)
            print(told(title, outcomes))
            named = {name: dataclasses.asdict(outcome) for name, outcome in outcomes.items()}
            result["sources"][title] = named
    if args.json:
        harness.save(args.json, result)
