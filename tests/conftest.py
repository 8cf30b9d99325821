"""Small versions of every model, on data that needs no network."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from liangyi import data
from liangyi.core import registry
from liangyi.core.config import Training
from liangyi.core.model import Model
from liangyi.core.run import Run, build
from liangyi.core.trainer import Trainer
from liangyi.nets.sequential import plain
from liangyi.session import create, follow

torch.set_num_threads(1)  # tests run side by side

# settings that make a model small enough to train in a moment; nothing: its own will do
SMALL: dict[str, dict[str, Any]] = {
    "acgan": {"width": 4, "depth": 8, "latent": 8},
    "acgan-early": {"width": 4, "depth": 4, "latent": 8},
    "autoencoder": {"widths": (32, 16), "code": 3},
    "dcgan": {"width": 8, "latent": 8},
    "dcgan-mnist": {"width": 4, "depth": 16, "latent": 8},
    "deep-dream": {"octaves": 2, "ascents": 1, "scale": 1.2, "border": 0},
    "gan": {"generator_widths": (32,), "discriminator_widths": (32,), "latent": 8},
    "mnist-cnn": {"width": 4, "hidden": 16},
    "mnist-mlp": {"widths": (16, 8)},
    "r3gan": {"width": 8, "latent": 8},
    "seqgan": {
        "width": 8,
        "reader_width": 8,
        "windows": (1, 2),
        "filters": (4, 4),
        "likelihood_steps": 1,
        "judging_steps": 1,
        "judgings": 1,
        "rollouts": 2,
    },
    "vae": {"widths": (32,), "latent": 4},
    "wgan-gp": {"width": 4, "latent": 8, "critic_steps": 2},
}
SMALL_DATA: dict[str, data.DataConfig] = {
    "acgan": data.DataConfig(data="digits", size=20),
    "acgan-early": data.DataConfig(data="digits", size=20),
    "dcgan-mnist": data.DataConfig(data="digits", size=8),
    "seqgan": data.DataConfig(data="oracle", vocabulary=12, length=5),
}
QUICK = Training(
    steps=4,
    batch_size=16,
    device="cpu",
    precision="float32",
    log_every=1,
    sample_every=2,
    checkpoint_every=2,
    examine_every=2,
)


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a run of a small trained classifier, for deep-dream."""
    path = tmp_path_factory.mktemp("classifier") / "run"
    kind = registry.find("mnist-cnn")
    run = create(kind, kind.Config(**SMALL["mnist-cnn"]), data.DataConfig(), QUICK, path)
    with plain():  # the golden curve of deep-dream hangs on these weights
        for _ in follow(run):
            pass
    return str(path)


@dataclasses.dataclass
class Small:
    """A small model and everything to train it with."""

    kind: type[Model]
    config: Any
    data: data.DataConfig

    def source(self) -> Any:
        return data.load(self.data)

    def build(self, seed: int = 0) -> Model:
        return build(self.kind, self.config, self.source().spec, seed)

    def trainer(self, **settings: Any) -> Trainer:
        training = dataclasses.replace(QUICK, **settings)
        model, source = self.build(training.seed), self.source()
        kind = self.kind.batch_type(source.spec)
        stream = data.Batches(
            source, kind, training.batch_size, training.seed, image_range=model.image_range
        )
        return Trainer(model, stream, training)

    def run(self, path: Path, **settings: Any) -> Run:
        training = dataclasses.replace(QUICK, **settings)
        return create(self.kind, self.config, self.data, training, path)


@pytest.fixture(scope="session")
def small(classifier: str) -> Callable[[str], Small]:
    """Return a function from a model's name to its small version."""

    def make(name: str, **changes: Any) -> Small:
        kind = registry.find(name)
        own = dict(SMALL.get(name, {})) | changes
        if name == "deep-dream":
            own["classifier"] = classifier
        return Small(kind, kind.Config(**own), SMALL_DATA.get(name, data.DataConfig()))

    return make


def weights_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of all weights and buffers."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Tell whether two sets of weights agree bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)
