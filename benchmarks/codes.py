"""Three numbers a picture: the autoencoder against principal components, on held-out pictures.

    python -m benchmarks codes RUN

Prints the mean squared error of a pixel on the scale [0, 1] for the run, for PCA with as many
components, and for the mean picture.
"""

from __future__ import annotations

import argparse

import torch
from sklearn.decomposition import PCA

from liangyi.core.run import Run
from liangyi.data import Dataset
from liangyi.measuring import test
from liangyi.session import data_of


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks codes", description=__doc__)
    words.add_argument("run")
    torch.manual_seed(0)
    run = Run(words.parse_args(arguments).run)
    train, held_out = data_of(run), data_of(run, "test")
    assert isinstance(train, Dataset) and isinstance(held_out, Dataset)
    first, second = (
        data.columns["image"].flatten(1).numpy().astype("float32") / 255
        for data in (train, held_out)
    )
    components = PCA(run.config.code, random_state=0).fit(first)
    again = components.inverse_transform(components.transform(second))
    print(f"{run.name}: {test(run.model(), held_out)['test/pixel_error']:.4f}")
    print(f"PCA, {components.n_components_} components: {((again - second) ** 2).mean():.4f}")
    print(f"mean picture: {((first.mean(0) - second) ** 2).mean():.4f}")
