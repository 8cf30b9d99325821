"""What the doctor knows of a training besides its log."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from liangyi import fields
from liangyi.core.spec import Pixels
from liangyi.runs.run import Run

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Facts(NamedTuple):
    """What the rules and the advice must know besides the chart."""

    picture: bool = False  # the items are pictures
    continuous: bool = False  # the items are points of a space: pictures, vectors
    creates: bool = False  # the model draws new items
    classes: int = 0  # of the labels that samples can be asked for; 0: they cannot
    adversary: str = ""  # what the model's adversary gives: logits or values
    penalty: float | None = None  # weight of the penalty on the adversary's slope, if it has one
    model: str = ""  # its name
    settings: Mapping[str, Any] = NOTHING  # of the model and its training, as they are now
    items: int = 0  # that it learns from; 0: they have no end, or nobody counted them
    made: int = 0  # steps of the newest checkpoint
    total: int = 0  # steps that were planned; 0: nobody knows

    @classmethod
    def of(cls, run: Run) -> Facts:
        """Gather what is known of a run's model."""
        sample = run.kind.verbs().get("sample")
        asks = sample is not None and "label" in sample.parameters
        return cls(
            picture=isinstance(run.spec.created, Pixels),
            continuous=fields.continuous(run.spec.created),
            creates=sample is not None,
            classes=len(run.spec.classes) if asks else 0,
            adversary=run.kind.adversary,
            penalty=getattr(run.config, "penalty", None),
            model=run.kind.name(),
            # of a training by epochs the steps that those are
            settings=_values(run.training) | {"steps": run.total} | _values(run.config),
            items=run.plain.get("items", 0),
            made=run.made,
            total=run.total,
        )


def _values(settings: Any) -> dict[str, Any]:
    return {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
