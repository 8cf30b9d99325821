"""The shortest way to everything: make a model, train it, load it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from liangyi.core import registry
from liangyi.core.batch import Spec
from liangyi.core.config import Training, checked
from liangyi.core.errors import unknown
from liangyi.core.model import Model
from liangyi.core.run import Run, build
from liangyi.data import DataConfig, spec_of
from liangyi.session import create as create_run
from liangyi.session import follow


def create(name: str, data: str | Spec = "digits", seed: int = 0, **settings: Any) -> Model:
    """Return a new model with random weights.

    Args:
        name: of the model, as `liangyi list` shows it.
        data: what it will learn from: a name, a path, or a spec.
        seed: decides the weights.
        **settings: of the model's `Config`.

    Raises:
        UserError: there is no such model, data or setting.
    """
    kind = registry.find(name)
    parts = shared_out(settings, config=kind.Config())
    spec = data if isinstance(data, Spec) else spec_of(DataConfig(data=data))
    return build(kind, parts["config"], spec, seed)


def train(
    name: str = "dcgan", data: str = "", out: Path | str | None = None, **settings: Any
) -> Run:
    """Train a model on data and return its run, a folder with everything about it.

    Args:
        name: of the model, as `liangyi list` shows it.
        data: a name, or the path of a folder of pictures; nothing: what suits the model.
        out: the run's folder; nothing: the next free `runs/name-data-number`.
        **settings: of the model's `Config`, of `DataConfig` and of `Training`.

    Raises:
        UserError: there is no such model, data or setting, or the training failed.
    """
    kind = registry.find(name)
    parts = shared_out(
        settings,
        config=kind.Config(),
        data=DataConfig(data=data or kind.data),
        training=kind.recipe,
    )
    run = create_run(
        kind, parts["config"], parts["data"], parts["training"], Path(out) if out else None
    )
    for _ in follow(run):
        pass
    return run


def load(run: Run | Path | str) -> Model:
    """Return the trained model of a run, in evaluation mode.

    Raises:
        UserError: it is no run, or has no sound checkpoint.
    """
    return (run if isinstance(run, Run) else Run(run)).model()


def shared_out(settings: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Give each setting to the part that has a field of its name."""
    owners = {f.name: part for part, own in parts.items() for f in dataclasses.fields(own)}
    for name, value in settings.items():
        if name not in owners:
            raise unknown("setting", name, owners)
        owner = owners[name]
        parts[owner] = dataclasses.replace(parts[owner], **{name: value})
    return {part: checked(own) for part, own in parts.items()}


__all__ = ["Training", "create", "load", "train"]
