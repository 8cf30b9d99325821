"""What there is to see of a model and of a run: pictures, layers, the report."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from liangyi.core import draw, files, processes
from liangyi.core.batch import KINDS
from liangyi.core.config import help_of
from liangyi.core.model import Model
from liangyi.core.run import Run, picture
from liangyi.data import DataConfig, Dataset, Law
from liangyi.doctor.rules import Facts, verdicts, with_copies
from liangyi.doctor.verdict import Verdict
from liangyi.metrics.card import kept
from liangyi.views import grid, report, table

PICTURES = 64  # on each sample sheet


def picture_of(model: Model, data: Dataset | Law | None) -> bytes | None:
    """Return a PNG of what the model can show, None where that is nothing.

    Samples; or held-out pictures, each row followed by its reconstructions; or the dream.
    """
    truth = None
    if hasattr(model, "sample"):
        shown = model.sample(2500 if model.spec.shape == (2,) else PICTURES)
        if data is not None and not isinstance(data, Dataset):
            truth = data.draw(2500, draw.generator(0, "truth shown"))
    elif hasattr(model, "reconstruct") and isinstance(data, Dataset):
        batch = data.batch(model.eats[0], data.subset(32), model.device, model.image_range)
        again = model.reconstruct(batch.image)
        rows = zip(batch.image.split(8), again.split(8), strict=True)
        shown = torch.cat([part for pair in rows for part in pair])
    elif hasattr(model, "dream"):
        shown = model.dream()
    else:
        return None
    stream = io.BytesIO()
    grid.picture_of(shown.cpu(), model.spec, model.image_range, truth).save(stream, "PNG")
    return stream.getvalue()


def write_report(run: Run) -> Path:
    """Write the run's page and return its path."""
    lines = run.lines()
    networks = layers_of(run.build())
    last = lines[-1] if lines else {}
    shown = {
        name: f"{value:.4g}"
        for name, value in last.items()
        if name not in ("seconds", "items_per_second") and not name.startswith("signal/")
    }
    data_help = help_of(DataConfig)
    settings = {
        "model": _explained(run.plain["config"], help_of(type(run.config))),
        "data": _explained(run.plain["data"], data_help),
        "training": _explained(run.plain["training"], help_of(type(run.training))),
    }
    page = report.report(
        title=run.name,
        summary={"model": run.kind.name(), "data": str(run.plain["data"]["data"]), **shown},
        lines=lines,
        samples=run.samples(),
        networks=networks,
        settings=settings,
        versions=run.plain["versions"],
        cards=kept(run.path),
        verdicts=verdicts_of(run),
        nearest=picture(run.path / "nearest.png"),
    )
    files.write(run.path / "report.html", page)
    return run.path / "report.html"


def verdicts_of(run: Run) -> list[Verdict]:
    """Return what the doctor says from the log and from the scores; nothing without signals."""
    lines = run.lines()
    if not any(name.startswith("signal/") for line in lines for name in line):
        return []
    found = verdicts(lines, Facts.of(run))
    for card in kept(run.path):
        if card.metric == "memorised" and card.error is not None and card.floor is not None:
            found = with_copies(found, card.step, card.value, card.error, card.floor)
    return found


def layers_of(model: Model) -> dict[str, list[table.Layer]]:
    """Return the layer table of each network, its inputs seen while the model learns from zeros."""
    kind = KINDS[model.batch_type(model.spec).__name__]
    shape = {"image": model.spec.shape, "point": model.spec.shape, "token": model.spec.shape}
    fields = [torch.zeros(2, *shape.get(name, ()), device=model.device) for name in kind._fields]
    batch = kind(*(x if name in ("image", "point") else x.long()
                   for name, x in zip(kind._fields, fields, strict=True)))  # fmt: skip
    seen: dict[str, tuple[Tensor, ...]] = {}
    networks = dict(model.named_children())

    def watch(name: str) -> Any:
        def hook(module: Any, inputs: tuple[Tensor, ...]) -> None:
            seen.setdefault(name, tuple(x.detach() for x in inputs))

        return hook

    hooks = [m.register_forward_pre_hook(watch(name)) for name, m in networks.items()]
    with processes.alone():  # only one process writes the report
        for step in model.stages:
            for _ in model.updates(batch, step):
                pass
    for hook in hooks:
        hook.remove()
    return {name: table.layers(net, *seen.get(name, ())) for name, net in networks.items()}


def _explained(values: dict[str, Any], helps: dict[str, str]) -> dict[str, tuple[Any, str]]:
    return {name: (value, helps.get(name, "")) for name, value in values.items()}
