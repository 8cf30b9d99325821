"""Bicubic enlargements of test pictures: three filters of that name, in decibels.

    python -m benchmarks bicubic FOLDER [FOLDER ...] [--factors 4 2]

PSNR of the luma without as many pixels of the border as the factor, the mean over the pictures.
The small pictures are PyTorch's antialiased ones, but for Pillow's, which are its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.data.pictures.patches import PatchesConfig, Photograph, photographs_at
from liangyi.lab.table import markdown
from liangyi.metrics.pictures import luma, psnr
from liangyi.nets.upscaling import bicubic

_BYTES = (0.0, 255.0)
Enlarge = Callable[[Photograph, int], Tensor]


def antialiased(photograph: Photograph, factor: int) -> Tensor:
    return bicubic(photograph.low[None].float(), factor)


def plain(photograph: Photograph, factor: int) -> Tensor:
    return interpolate(photograph.low[None].float(), scale_factor=factor, mode="bicubic")


def by_pillow(photograph: Photograph, factor: int) -> Tensor:
    image = Image.fromarray(photograph.image.permute(1, 2, 0).contiguous().numpy())
    width, height = image.size
    small = image.resize((width // factor, height // factor), Image.Resampling.BICUBIC)
    large = np.array(small.resize((width, height), Image.Resampling.BICUBIC))
    return torch.from_numpy(large).permute(2, 0, 1)[None]


FILTERS: dict[str, Enlarge] = {
    "PyTorch, antialiased": antialiased,
    "Pillow": by_pillow,
    "PyTorch, plain": plain,
}


def decibels(photographs: list[Photograph], factor: int, enlarge: Enlarge) -> float:
    found = []
    for photograph in photographs:
        large = enlarge(photograph, factor).round().clamp(0, 255)
        ours, right = (luma(x, _BYTES, factor) for x in (large, photograph.image[None]))
        found.append(float(psnr(ours, right, _BYTES)))
    return sum(found) / len(found)


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(
        prog="python -m benchmarks bicubic",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("folders", type=Path, nargs="+")
    words.add_argument("--factors", type=int, nargs="+", default=[4, 2])
    asked = words.parse_args(arguments)
    rows = []
    for folder in asked.folders:
        for factor in asked.factors:
            photographs, _ = photographs_at(folder, PatchesConfig(factor=factor), 16 * factor)
            figures = [decibels(photographs, factor, one) for one in FILTERS.values()]
            name = f"{folder.name}, {len(photographs)} pictures, x{factor}"
            rows.append([name, *(f"{one:.2f}" for one in figures)])
    print(markdown(["", *FILTERS], rows))
