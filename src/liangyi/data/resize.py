"""Pictures that are already in memory, at another size."""

from __future__ import annotations

import dataclasses

import torch
from torch.nn import functional

from liangyi.data.dataset import Dataset
from liangyi.data.places import need

_PART = 2**26  # values that are resized at once


def resized(data: Dataset, size: int) -> Dataset:
    """Return the data with pictures of `size` x `size`: antialiased bicubic, rounded to uint8."""
    channels, height, width = data.spec.shape
    if (height, width) == (size, size):
        return data
    each, old = channels * size * size, data.columns["image"]
    some = min(len(data), 1024, max(1, _PART // each))  # pictures at a time, as float32, twice
    what = f"{len(data):,} pictures of {size} x {size}"
    need((len(data) + 8 * some) * each, what, "give a smaller --size")
    image = torch.empty(len(data), channels, size, size, dtype=torch.uint8, device="cpu")
    for new, part in zip(image.split(some), old.split(some), strict=True):
        large = functional.interpolate(part.float(), (size, size), mode="bicubic", antialias=True)
        new.copy_(large.round_().clamp_(0, 255))
    spec = dataclasses.replace(data.spec, shape=(channels, size, size))
    return Dataset(spec, data.columns | {"image": image}, f"{data.fingerprint}-{size}")
