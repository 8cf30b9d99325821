"""Pictures that are already in memory, at another size."""

from __future__ import annotations

import dataclasses

import torch
from torch.nn import functional

from liangyi.data.dataset import Dataset


def resized(data: Dataset, size: int) -> Dataset:
    """Return the data with pictures of `size` x `size`: antialiased bicubic, rounded to uint8."""
    channels, height, width = data.spec.shape
    if (height, width) == (size, size):
        return data
    parts = [
        functional.interpolate(part.float(), (size, size), mode="bicubic", antialias=True)
        for part in data.columns["image"].split(1024)
    ]
    image = torch.cat([part.round().clamp(0, 255).to(torch.uint8) for part in parts])
    spec = dataclasses.replace(data.spec, shape=(channels, size, size))
    return Dataset(spec, data.columns | {"image": image}, f"{data.fingerprint}-{size}")
