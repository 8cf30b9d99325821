"""The layers of a model's networks, their inputs seen while it learns from an example."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core import processes
from liangyi.core.model import Model, Update
from liangyi.core.spec import fields_of
from liangyi.views import table


def example(model: Model, count: int = 2) -> Any:
    """Return a batch of the model's type, of the right shapes and kinds."""
    values = {
        name: fields.example(model.spec[name], count, model.device)
        for name in fields_of(model.Batch)
    }
    for name in model.Batch._fields:
        if name not in values:  # a list's mask: everything is there
            of = values[name.removesuffix("_mask")]
            values[name] = torch.ones(of.shape[:2], dtype=torch.bool, device=model.device)
    return model.Batch(**values)


def layers_of(model: Model) -> dict[str, list[table.Layer]]:
    """Return the layer table of each network."""
    batch = example(model)
    seen: dict[str, tuple[Tensor, ...]] = {}
    networks = dict(model.named_children())

    def watch(name: str) -> Any:
        def hook(module: Any, inputs: tuple[Tensor, ...]) -> None:
            seen.setdefault(name, tuple(x.detach() for x in inputs))

        return hook

    hooks = [m.register_forward_pre_hook(watch(name)) for name, m in networks.items()]
    with processes.alone():  # only one process writes the report
        for step in model.stages:
            for update in model.updates(batch, step):
                if isinstance(update, Update) and update.by is not None:
                    break  # a kernel moves what it is called on
    for hook in hooks:
        hook.remove()
    return {name: table.layers(net, *seen.get(name, ())) for name, net in networks.items()}
