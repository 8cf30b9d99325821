"""Grey pictures for a model of colour ones: three equal channels, which take no more memory."""

from __future__ import annotations

import dataclasses

from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels, Spec
from liangyi.data.dataset import Dataset


def is_grey(spec: Spec) -> bool:
    """Whether pictures of a spec have one channel."""
    field = spec["image"]
    return isinstance(field, Pixels) and field.channels == 1


def spec_of(whole: Spec) -> Spec:
    """Return what pictures look like in colour."""
    grey = whole["image"]
    assert isinstance(grey, Pixels)
    return whole.replace(image=dataclasses.replace(grey, channels=3))


def coloured(data: Dataset) -> Dataset:
    """Return grey pictures as colour ones.

    Raises:
        UserError: they are drawn anew at each look.
    """
    grey = data.columns["image"]
    if not isinstance(grey, Tensor):
        raise UserError("draws grey pixels at each look; leave colour out", setting="binarise")
    columns = {**data.columns, "image": grey.expand(-1, 3, -1, -1)}
    name = f"{data.fingerprint}-colour"
    return Dataset(spec_of(data.spec), columns, name, data.truth, data.vary)
