"""As many numbers a picture: an autoencoder against principal components, on held-out pictures.

    python -m benchmarks codes RUN

Prints the mean squared error of a pixel on the scale [0, 1] for the run's reconstructions, for PCA
with as many components, and for the mean picture. RUN is of any model that encodes pictures and
reconstructs them.
"""

from __future__ import annotations

import argparse

import torch
from sklearn.decomposition import PCA

from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.verbs import demand_verb
from liangyi.data import Dataset
from liangyi.lab.table import markdown
from liangyi.runs.run import Run


def pixel_error(model: Model, data: Dataset) -> float:
    """Return the mean squared error of a pixel on the scale [0, 1]."""
    low, high = model.image_range
    total = 0.0
    for part in torch.arange(len(data), device="cpu").split(500):
        image = data.batch(model.Batch, part, model.device, model.image_range).image
        error = (model.reconstruct(image) - image) / (high - low)
        total += float(error.square().flatten(1).mean(1).sum())
    return total / len(data)


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks codes", description=__doc__)
    words.add_argument("run")
    torch.manual_seed(0)
    run = Run(words.parse_args(arguments).run)
    model, source = run.model(), run.source()
    for verb in ("encode", "reconstruct"):
        demand_verb(model, verb)
    train, held_out = run.data(source), source.split("test")
    if not (isinstance(train, Dataset) and isinstance(held_out, Dataset)):
        raise UserError(f"{run.data_name} has no held-out pictures")
    kept = model.encode(held_out.some(2, model.Batch, "cpu", model.image_range).image).shape[1]
    first, second = (
        data.columns["image"].flatten(1).numpy().astype("float32") / 255
        for data in (train, held_out)
    )
    components = PCA(kept, random_state=0).fit(first)
    again = components.inverse_transform(components.transform(second))
    errors = {
        f"`{run.kind.name()}`": pixel_error(model, held_out),
        f"PCA, {components.n_components_} components": ((again - second) ** 2).mean(),
        "mean picture": ((first.mean(0) - second) ** 2).mean(),
    }
    rows = [[name, f"{error:.4f}"] for name, error in errors.items()]
    print(markdown([f"{kept} numbers a picture", "mean squared error"], rows))
