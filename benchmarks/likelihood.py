"""-log p(x) of black and white pictures, by many weighted codes, beside the published figures.

    python -m benchmarks likelihood RUN... --draws 5000 --number 1000

The protocol of Burda et al., arXiv:1509.00519, section 5: the bound of equation 8 with 5,000 codes
a picture, on test pictures; `--number` takes fewer of them, by the fixed permutation that all looks
take, and the standard error says what that costs. Published figures are of all 10,000.
"""

from __future__ import annotations

import argparse
import time

import torch

from liangyi.core.errors import UserError
from liangyi.data import Dataset
from liangyi.lab.table import markdown
from liangyi.metrics import error
from liangyi.runs.run import Run

_PART = 50  # pictures at once
# one stochastic layer; k = 1, 5, 50: tables 1 (random) and 3 (fixed binarisation)
PUBLISHED = {
    "random": {"VAE": (86.76, 86.47, 86.35), "IWAE": (86.76, 85.54, 84.78)},
    "fixed": {"VAE": (88.71, 88.83, 89.05), "IWAE": (88.71, 87.63, 87.10)},
}


def measured(run: Run, number: int, draws: int) -> list[str]:
    """Return a row: the run, how its pictures are black and white, nats, their error, minutes.

    Raises:
        UserError: the run's pictures are grey, or its model has no such bound.
    """
    (model, step), source = run.trained(), run.source()
    how = getattr(source.config, "binarise", "none")
    if how == "none" or "bound" not in model.verbs():
        raise UserError(f"{run.path} has no likelihood of black and white pictures; --binarise")
    data = source.split("test")
    assert isinstance(data, Dataset)
    began, found = time.perf_counter(), []
    for place, part in enumerate(data.subset(number).split(_PART)):
        batch = data.batch(model.Batch, part, model.device, model.image_range)
        found.append(model.bound(batch, draws=draws, first=place * _PART).cpu())
    each = -torch.cat(found)
    minutes = (time.perf_counter() - began) / 60
    own = [f"`{run.kind.name()}`", str(getattr(run.config, "draws", 1)), how, f"{step:,}"]
    nats = f"{float(each.mean()):.2f} ± {1.96 * error.of_mean(each):.2f}"
    return [*own, nats, str(len(each)), f"{draws:,}", f"{minutes:.1f}"]


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks likelihood", description=__doc__)
    words.add_argument("runs", nargs="+", metavar="RUN")
    words.add_argument("--draws", type=int, default=5000)
    words.add_argument("--number", type=int, default=1000)
    given = words.parse_args(arguments)
    rows = [measured(Run(run), given.number, given.draws) for run in given.runs]
    head = ["model", "k", "binarised", "steps", "-log p(x), nats", "pictures", "codes", "minutes"]
    print(markdown(head, rows))
    table = [
        [name, how, *(f"{nats:.2f}" for nats in row)]
        for how, models in PUBLISHED.items()
        for name, row in models.items()
    ]
    print()
    print(markdown(["published", "binarised", "k = 1", "5", "50"], table))
