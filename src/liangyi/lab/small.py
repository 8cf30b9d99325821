"""A model under its smallest settings, and everything to train it with in a moment."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from liangyi import data
from liangyi.api import shared_out
from liangyi.core import registry
from liangyi.core.config import Training
from liangyi.core.model import Model
from liangyi.data import Batches, Source
from liangyi.nets.fast.sequential import plain
from liangyi.runs.building import build
from liangyi.runs.run import Run
from liangyi.session import Session, create
from liangyi.training.trainer import Trainer

QUICK = Training(
    steps=4, batch_size=16, device="cpu", precision="float32", log_every=1, sample_every=2,
    checkpoint_every=2, examine_every=2,
)  # fmt: skip


@dataclasses.dataclass
class Small:
    """A model under its smallest settings, and everything to train it with."""

    kind: type[Model]
    config: Any
    source: Source
    folder: Path  # where its runs may lie

    @classmethod
    def of(cls, kind: type[Model], folder: Path, **changes: Any) -> Small:
        """Return the small version of a model."""
        settings = {**kind.tiny, **changes}
        if hasattr(kind.Config, "classifier") and not settings.get("classifier"):
            settings["classifier"] = classifier(folder)
        parts = shared_out(settings, config=kind.Config())
        wanted = dict(kind.tiny_data)
        return cls(kind, parts["config"], data.choose(wanted.pop("data"), **wanted), folder)

    def build(self, seed: int = 0) -> Model:
        """Return the model with its first weights."""
        return build(self.kind, self.config, self.source.spec(), seed)

    def trainer(self, **settings: Any) -> Trainer:
        """Return a trainer of a new model."""
        training = dataclasses.replace(QUICK, **settings)
        model, split = self.build(training.seed), self.source.split()
        assert split is not None
        stream = Batches(
            split, model.Batch, training.batch_size, training.seed, "cpu", model.image_range
        )
        return Trainer(model, stream, training)

    def run(self, name: str, **settings: Any) -> Run:
        """Return a new run."""
        training = dataclasses.replace(QUICK, **settings)
        return create(self.kind, self.config, self.source, training, self.folder / name)


def classifier(folder: Path) -> str:
    """Return a run of a tiny trained classifier, for models that look through one."""
    path = folder / "classifier"
    if not Run.there(path):
        small = Small.of(registry.find("mnist-cnn"), folder)
        with plain():  # the golden curve of deep-dream hangs on these weights
            for _ in Session(small.run("classifier", validate_every=0)):
                pass
    return str(path)
