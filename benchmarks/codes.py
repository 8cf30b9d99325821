"""As many numbers a picture: an autoencoder against principal components, on held-out pictures.

    python -m benchmarks codes RUN

Prints the mean squared error of a pixel on the scale [0, 1] for the run, for PCA with as many
components, and for the mean picture.
"""

from __future__ import annotations

import argparse

import torch
from sklearn.decomposition import PCA

from liangyi.data import Dataset
from liangyi.lab.table import markdown
from liangyi.runs.run import Run
from liangyi.scoring.held_out import figures_on


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks codes", description=__doc__)
    words.add_argument("run")
    torch.manual_seed(0)
    run = Run(words.parse_args(arguments).run)
    source = run.source()
    train, held_out = run.data(source), source.split("test")
    assert isinstance(train, Dataset) and isinstance(held_out, Dataset)
    model = run.model()
    kept = model.encode(held_out.some(2, model.Batch, "cpu", model.image_range).image).shape[1]
    first, second = (
        data.columns["image"].flatten(1).numpy().astype("float32") / 255
        for data in (train, held_out)
    )
    components = PCA(kept, random_state=0).fit(first)
    again = components.inverse_transform(components.transform(second))
    errors = {
        f"`{run.kind.name()}`": figures_on(model, held_out)["test/pixel_error"],
        f"PCA, {components.n_components_} components": ((again - second) ** 2).mean(),
        "mean picture": ((first.mean(0) - second) ** 2).mean(),
    }
    rows = [[name, f"{error:.4f}"] for name, error in errors.items()]
    print(markdown([f"{kept} numbers a picture", "mean squared error"], rows))
